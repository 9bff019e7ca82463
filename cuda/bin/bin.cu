#include "cuda/bin/bin.h"

#include <algorithm>

#include "cuda/bin/bin_kernels.cuh"

namespace gsfit::gpu {

namespace {

constexpr int threads = 128;

/// Bits that hold every number up to `most`.
int bits_for(std::uint32_t most) {
    int bits = 1;
    while (bits < 32 && (most >> bits) != 0) ++bits;
    return bits;
}

}  // namespace

void count_tiles(const SplatArrays& splats, const TileGrid& grid, const Blending& blending, TileSplat* lines,
                 std::uint32_t* counts, std::uint64_t* offsets, const Workspace& scan, Stream stream) {
    simt::launch(count, grid_of(splats.size + 1, threads), dim3(threads), 0, stream, splats, grid, blending, lines,
                 counts);
    exclusive_scan(counts, offsets, splats.size + 1, scan, stream);
}

void list_tiles(const TileSplat* lines, const std::uint64_t* offsets, std::int64_t size, const TileGrid& grid,
                const PairArrays& pairs, std::uint32_t* ranges, const Workspace& sort, Stream stream) {
    const auto tiles = static_cast<std::uint32_t>(grid.tiles_x) * static_cast<std::uint32_t>(grid.tiles_y);
    const dim3 all_pairs = grid_of(pairs.capacity, threads);
    simt::launch(emit, grid_of(std::max(size, pairs.capacity), threads), dim3(threads), 0, stream, lines, offsets, size,
                 grid, pairs, tiles);
    sort_pairs(pairs.tiles, pairs.sorted_tiles, pairs.splats, pairs.sorted_splats, pairs.capacity, bits_for(tiles),
               sort, stream);
    simt::set_zero(ranges, std::size_t{2} * tiles * sizeof(std::uint32_t), stream);
    simt::launch(find_ranges, all_pairs, dim3(threads), 0, stream, pairs.sorted_tiles, pairs.capacity, tiles, ranges);
}

}  // namespace gsfit::gpu
