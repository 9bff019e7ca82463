// What the rasterizer for GPUs allocates beside images.

#include <algorithm>

#include "cuda/raster/raster.h"
#include "gsfit/gpu/device_bytes.h"
#include "gsfit/raster.h"

namespace gsfit {

namespace {

constexpr std::int64_t fewest_parts = 2048;  // that a gather's blocks of threads work on

}  // namespace

std::int64_t gradient_plane_bytes(std::int64_t width, std::int64_t rows, int channels, bool normalised) {
    return device_bytes(image_bytes(width, rows, gpu::gradient_planes(channels, normalised), at::kFloat));
}

std::int64_t tile_sum_bytes(std::int64_t tiles, int channels) {
    return device_bytes(tiles * gpu::groups_of(channels) * static_cast<std::int64_t>(sizeof(double)));
}

std::int64_t gather_bytes(std::int64_t splats, int channels) {
    return device_bytes(splat_gradient_bytes(std::max(splats, fewest_parts), channels));
}

std::int64_t device_removal_bytes(std::int64_t splats, std::int64_t width, std::int64_t rows) {
    constexpr auto number = static_cast<std::int64_t>(sizeof(float));
    return device_bytes(normaliser_bytes(width, rows)) + device_bytes(std::max(splats, fewest_parts) * number) +
           device_bytes(splats * number);
}

}  // namespace gsfit
