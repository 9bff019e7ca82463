// What bin_tiles() allocates.

#include <algorithm>

#include "cuda/bin/tiles.h"
#include "gsfit/bin.h"
#include "gsfit/gpu/device_bytes.h"

namespace gsfit {

namespace {

constexpr std::int64_t number = sizeof(std::uint32_t);

}  // namespace

std::int64_t tile_bins_bytes(std::int64_t splats, std::int64_t tiles, std::int64_t pairs) {
    constexpr auto line = static_cast<std::int64_t>(sizeof(gpu::TileSplat));
    return device_bytes(splats * line) + device_bytes(pairs * number) + device_bytes(tiles * 2 * number);
}

/// Offsets of 64 bits, and counts that are gone when pairs are listed.
std::int64_t tile_binning_bytes(std::int64_t splats, std::int64_t pairs) {
    const std::int64_t counts = device_bytes((splats + 1) * number);
    const std::int64_t unsorted = device_bytes(3 * pairs * number) + estimated_sort_bytes(pairs);
    return device_bytes((splats + 1) * 2 * number) + std::max(counts, unsorted);
}

std::int64_t tile_lists_bytes(std::int64_t splats, std::int64_t tiles, std::int64_t pairs) {
    constexpr auto line = static_cast<std::int64_t>(sizeof(gpu::TileSplat));
    return device_bytes(splats * line) + device_bytes((splats + 1) * number) + device_bytes((splats + 1) * 2 * number) +
           device_bytes(4 * pairs * number) + estimated_sort_bytes(pairs) + device_bytes(tiles * 2 * number);
}

}  // namespace gsfit
