#pragma once

#include <cmath>

#include "cuda/bin/bin.h"
#include "cuda/bin/row.cuh"
#include "cuda/grid.h"
#include "cuda/simt.h"

namespace gsfit::gpu {

__device__ inline bool is_sound(const SplatArrays& splats, std::int64_t i) {
    const float det = splats.det[i];
    const float a = splats.conic[3 * i];
    const float c = splats.conic[3 * i + 2];
    float zeros = 0.0F;  // NaN as soon as something is not finite
    for (int k = 0; k < splats.channels; ++k) zeros += splats.feature[i * splats.channels + k] * 0.0F;
    zeros += (splats.center[2 * i] + splats.center[2 * i + 1] + splats.conic[3 * i + 1]) * 0.0F;
    return zeros == 0.0F && det > 1e-30F && det < 1e30F && a > 0.0F && c > 0.0F;
}

/// Sides [low, high] of an ellipse's rectangle that reach a sample of [first, first + count).
__device__ inline bool meets(float center, float extent, std::int64_t first, std::int64_t count) {
    const float low = center - extent - 0.5F;
    const float high = center + extent - 0.5F;
    return high >= static_cast<float>(first) && low <= static_cast<float>(first + count - 1);
}

__device__ inline TileSplat line_of(const SplatArrays& splats, std::int64_t i, const TileGrid& grid, float cutoff) {
    TileSplat line{};
    line.extent_y = -1.0F;
    if (!is_sound(splats, i)) return line;
    constexpr float half_log2e = 0.72134752F;
    constexpr float slack = 1.0F + 1e-3F;
    const float a = splats.conic[3 * i];
    const float b = splats.conic[3 * i + 1];
    const float c = splats.conic[3 * i + 2];
    const float det = splats.det[i];
    const float reach = cutoff * slack;
    // Not fused with what follows: count and emit must come to the same tiles.
    const float extent_x = __fmul_rn(reach, sqrtf(c / det));
    const float extent_y = __fmul_rn(reach, sqrtf(a / det));
    line.x = splats.center[2 * i];
    line.y = splats.center[2 * i + 1];
    if (!meets(line.x, extent_x, 0, grid.width) || !meets(line.y, extent_y, grid.rows.first, grid.rows.count)) {
        return line;
    }
    line.qa = -half_log2e * a;
    line.qb = -2.0F * half_log2e * b;
    line.qc = -half_log2e * c;
    line.extent_x = extent_x;
    line.extent_y = extent_y;
    line.side_y = -b * extent_x / c;
    line.skew = -b / a;
    line.row_reach = reach * reach / a;
    line.row_shrink = det / (a * a);
    return line;
}

/// `x` as an index of [0, last], where it lies outside at the nearer end.
__device__ inline int clamped(float x, int last) {
    return static_cast<int>(fminf(fmaxf(x, 0.0F), static_cast<float>(last)));
}

/// Calls visit(tile) for every tile that the ellipse meets, row by row: an ellipse's part in a row of tiles spans
/// neighbouring tiles.
template <class Visit>
__device__ inline void for_each_tile(const TileSplat& line, const TileGrid& grid, const Visit& visit) {
    if (line.extent_y < 0.0F) return;
    const float top = line.y - static_cast<float>(grid.rows.first);  // centre from the band's first row
    constexpr float size = static_cast<float>(tile_size);
    const int first = clamped(floorf((top - line.extent_y - 0.5F) / size), grid.tiles_y - 1);
    const int last = clamped(floorf((top + line.extent_y - 0.5F) / size), grid.tiles_y - 1);
    for (int ty = first; ty <= last; ++ty) {
        const float low = fmaxf(static_cast<float>(ty * tile_size) + 0.5F - top, -line.extent_y);
        const float high = fminf(static_cast<float>(ty * tile_size + tile_size) - 0.5F - top, line.extent_y);
        if (!(low <= high)) continue;
        const float right_y = fminf(fmaxf(line.side_y, low), high);
        const float left_y = fminf(fmaxf(-line.side_y, low), high);
        const float right = line.x + fmaf(line.skew, right_y, half_row(line, right_y)) - 0.5F;
        const float left = line.x + fmaf(line.skew, left_y, -half_row(line, left_y)) - 0.5F;
        if (right < 0.0F || left > static_cast<float>(grid.width - 1)) continue;
        const int end = clamped(floorf(right / size), grid.tiles_x - 1);
        for (int tx = clamped(floorf(left / size), grid.tiles_x - 1); tx <= end; ++tx) {
            visit(static_cast<std::uint32_t>(ty) * static_cast<std::uint32_t>(grid.tiles_x) +
                  static_cast<std::uint32_t>(tx));
        }
    }
}

__global__ void count(SplatArrays splats, TileGrid grid, float cutoff, TileSplat* lines, std::uint32_t* counts) {
    const std::int64_t i = thread_item();
    if (i > splats.size) return;
    std::uint32_t tiles = 0;
    if (i < splats.size) {
        const TileSplat line = line_of(splats, i, grid, cutoff);
        for_each_tile(line, grid, [&tiles](std::uint32_t) { ++tiles; });
        lines[i] = line;
    }
    counts[i] = tiles;
}

/// Writes each splat's pairs to its own places, and into the places behind the last pair tile number `tiles`, which
/// sorts behind the last. Whatever a tile more or less would be, no other places are touched and none stays unwritten.
__global__ void emit(const TileSplat* lines, const std::uint64_t* offsets, std::int64_t size, TileGrid grid,
                     PairArrays pairs, std::uint32_t tiles) {
    const std::int64_t i = thread_item();
    const std::uint64_t total = offsets[size];
    if (i == 0 && pairs.most != nullptr && *pairs.most < total) *pairs.most = total;
    if (i < pairs.capacity && static_cast<std::uint64_t>(i) >= total) {
        pairs.tiles[i] = tiles;
        pairs.splats[i] = 0;
    }
    if (i >= size) return;
    const TileSplat line = lines[i];
    auto place = static_cast<std::int64_t>(offsets[i]);
    const std::int64_t end = min(static_cast<std::int64_t>(offsets[i + 1]), pairs.capacity);
    const auto write = [&](std::uint32_t tile) {
        if (place >= end) return;
        pairs.tiles[place] = tile;
        pairs.splats[place] = static_cast<std::uint32_t>(i);
        ++place;
    };
    for_each_tile(line, grid, write);
    while (place < end) write(tiles);
}

__global__ void find_ranges(const std::uint32_t* sorted_tiles, std::int64_t capacity, std::uint32_t tiles,
                            std::uint32_t* ranges) {
    const std::int64_t i = thread_item();
    if (i >= capacity) return;
    const std::uint32_t tile = sorted_tiles[i];
    if (tile >= tiles) return;
    if (i == 0 || sorted_tiles[i - 1] != tile)
        ranges[2 * static_cast<std::int64_t>(tile)] = static_cast<std::uint32_t>(i);
    if (i + 1 == capacity || sorted_tiles[i + 1] != tile) {
        ranges[2 * static_cast<std::int64_t>(tile) + 1] = static_cast<std::uint32_t>(i + 1);
    }
}

}  // namespace gsfit::gpu
