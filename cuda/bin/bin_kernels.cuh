#pragma once

#include <cmath>

#include "cuda/bin/bin.h"
#include "cuda/bin/row.cuh"
#include "cuda/grid.h"
#include "cuda/simt.h"
#include "gsfit/core/math.h"

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

/// Fills extents and rows of the ellipse q <= cutoff^2; leaves out what does not meet the band.
__device__ inline void place_ellipse(const Conic<float>& conic, float det, const TileGrid& grid, float cutoff,
                                     TileSplat& line) {
    constexpr float slack = 1.0F + 1e-3F;
    const auto [a, b, c] = conic;
    const float reach = cutoff * slack;
    // Not fused with what follows: count and emit must come to the same tiles.
    const float extent_x = __fmul_rn(reach, sqrtf(c / det));
    const float extent_y = __fmul_rn(reach, sqrtf(a / det));
    if (!meets(line.x, extent_x, 0, grid.width) || !meets(line.y, extent_y, grid.rows.first, grid.rows.count)) return;
    line.extent_x = extent_x;
    line.extent_y = extent_y;
    line.ellipse = {-b * extent_x / c, -b / a, reach * reach / a, det / (a * a)};
}

/// Half the side of the square that Image-GS puts around a Gaussian: three times its larger sigma, rounded up.
__device__ inline float square_of(const Conic<float>& conic, float det) {
    const auto [a, b, c] = conic;  // the covariance is (c, -b, a) / det
    const float mid = 0.5F * (a + c) / det;
    const float difference = 0.5F * (a - c) / det;
    const float off_diagonal = b / det;
    const float spread = fmaf(difference, difference, off_diagonal * off_diagonal);  // mid^2 less its determinant
    return ceilf(3.0F * sqrtf(mid + sqrtf(fmaxf(spread, 0.1F))));
}

/// `x` as an index of [0, last], where it lies outside at the nearer end.
__device__ inline int clamped(float x, int last) {
    return static_cast<int>(fminf(fmaxf(x, 0.0F), static_cast<float>(last)));
}

/// Fills the tiles that the square around the splat touches, rounded as Image-GS does; leaves out what touches none.
__device__ inline void place_tiles(const Conic<float>& conic, float det, const TileGrid& grid, TileSplat& line) {
    constexpr float size = static_cast<float>(tile_size);
    const float half = square_of(conic, det);
    const float x = line.x - 0.5F;
    const float y = line.y - 0.5F;
    const auto above = static_cast<float>(grid.rows.first / tile_size);
    const TileRange tiles{clamped(floorf((x - half) / size), grid.tiles_x),
                          clamped(floorf((x + half) / size) + 1.0F, grid.tiles_x),
                          clamped(floorf((y - half) / size) - above, grid.tiles_y),
                          clamped(floorf((y + half) / size) + 1.0F - above, grid.tiles_y)};
    if (tiles.x0 >= tiles.x1 || tiles.y0 >= tiles.y1) return;
    line.extent_x = INFINITY;
    line.extent_y = INFINITY;
    line.tile16 = true;
    line.tiles = tiles;
}

__device__ inline TileSplat line_of(const SplatArrays& splats, std::int64_t i, const TileGrid& grid,
                                    const Blending& blending) {
    TileSplat line{};
    line.extent_y = -1.0F;
    if (!is_sound(splats, i)) return line;
    constexpr float half_log2e = 0.72134752F;
    const Conic<float> conic{splats.conic[3 * i], splats.conic[3 * i + 1], splats.conic[3 * i + 2]};
    line.x = splats.center[2 * i];
    line.y = splats.center[2 * i + 1];
    line.qa = -half_log2e * conic.a;
    line.qb = -2.0F * half_log2e * conic.b;
    line.qc = -half_log2e * conic.c;
    if (blending.support == Support::tile16) {
        place_tiles(conic, splats.det[i], grid, line);
    } else {
        place_ellipse(conic, splats.det[i], grid, blending.cutoff, line);
    }
    return line;
}

/// Calls visit(tile x, tile y) for every tile that the ellipse meets, row by row: an ellipse's part in a row of tiles
/// spans neighbouring tiles.
template <class Visit>
__device__ inline void for_each_tile_of_ellipse(const TileSplat& line, const TileGrid& grid, const Visit& visit) {
    const EllipseRows& ellipse = line.ellipse;
    const float top = line.y - static_cast<float>(grid.rows.first - grid.rows_above);  // centre from the first tile
    constexpr float size = static_cast<float>(tile_size);
    const int first = clamped(floorf((top - line.extent_y - 0.5F) / size), grid.tiles_y - 1);
    const int last = clamped(floorf((top + line.extent_y - 0.5F) / size), grid.tiles_y - 1);
    for (int ty = first; ty <= last; ++ty) {
        const float low = fmaxf(static_cast<float>(ty * tile_size) + 0.5F - top, -line.extent_y);
        const float high = fminf(static_cast<float>(ty * tile_size + tile_size) - 0.5F - top, line.extent_y);
        if (!(low <= high)) continue;
        const float right_y = fminf(fmaxf(ellipse.side_y, low), high);
        const float left_y = fminf(fmaxf(-ellipse.side_y, low), high);
        const float right = line.x + fmaf(ellipse.skew, right_y, half_row(ellipse, right_y)) - 0.5F;
        const float left = line.x + fmaf(ellipse.skew, left_y, -half_row(ellipse, left_y)) - 0.5F;
        if (right < 0.0F || left > static_cast<float>(grid.width - 1)) continue;
        const int end = clamped(floorf(right / size), grid.tiles_x - 1);
        for (int tx = clamped(floorf(left / size), grid.tiles_x - 1); tx <= end; ++tx) visit(tx, ty);
    }
}

/// Calls visit(tile) for every tile of the band where the splat may be seen.
template <class Visit>
__device__ inline void for_each_tile(const TileSplat& line, const TileGrid& grid, const Visit& visit) {
    if (line.extent_y < 0.0F) return;
    const auto at = [&](int tx, int ty) {
        visit(static_cast<std::uint32_t>(ty) * static_cast<std::uint32_t>(grid.tiles_x) +
              static_cast<std::uint32_t>(tx));
    };
    if (!line.tile16) return for_each_tile_of_ellipse(line, grid, at);
    for (int ty = line.tiles.y0; ty < line.tiles.y1; ++ty) {
        for (int tx = line.tiles.x0; tx < line.tiles.x1; ++tx) at(tx, ty);
    }
}

__global__ void count(SplatArrays splats, TileGrid grid, Blending blending, TileSplat* lines, std::uint32_t* counts) {
    const std::int64_t i = thread_item();
    if (i > splats.size) return;
    std::uint32_t tiles = 0;
    if (i < splats.size) {
        const TileSplat line = line_of(splats, i, grid, blending);
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
