#pragma once

#include <cstdint>

#include "gsfit/core/views.h"

namespace gsfit::gpu {

/// Samples along each side of a tile.
inline constexpr int tile_size = 16;

/// The rows of an ellipse: at dy from the centre skew dy +- sqrt(row_reach - row_shrink dy^2).
struct EllipseRows {
    float side_y;  ///< y, from the centre, of its rightmost point; that of the leftmost is -side_y
    float skew;
    float row_reach, row_shrink;
};

/// Tiles [x0, x1) x [y0, y1) of a TileGrid.
struct TileRange {
    std::int32_t x0, x1, y0, y1;
};

/// A splat as kernels read it. Lengths in samples. Its weight at (dx, dy) from the centre is
/// 2^(qa dx^2 + qb dx dy + qc dy^2). The extents are a little larger than the ellipse, so that rounding loses no
/// sample: what is seen is decided by the weight alone. With support `tile16` it is decided by the tiles alone, and the
/// extents are infinite. A degenerate splat, and one outside the band, has extent_y < 0.
struct alignas(16) TileSplat {
    float x, y;                ///< centre
    float qa, qb, qc;          ///< -log2(e)/2 times the conic (A, 2 B, C)
    float extent_x, extent_y;  ///< half sizes of the ellipse's rectangle
    bool tile16;               ///< which of these two says where it is seen
    union {
        EllipseRows ellipse;
        TileRange tiles;
    };
};
static_assert(sizeof(TileSplat) == 48);

/// The tiles that a band of a lattice meets. They are the lattice's, so that a sample's tile does not depend on the
/// band: some rows of the first and the last ones may lie outside it.
struct TileGrid {
    std::int64_t width = 0;  ///< of the lattice [samples]
    Rows rows;               ///< the band
    int rows_above = 0;      ///< of the first row of tiles, above the band
    int tiles_x = 0;
    int tiles_y = 0;

    TileGrid(std::int64_t lattice_width, const Rows& band)
        : width(lattice_width),
          rows(band),
          rows_above(static_cast<int>(band.first % tile_size)),
          tiles_x(static_cast<int>((lattice_width + tile_size - 1) / tile_size)),
          tiles_y(static_cast<int>((rows_above + band.count + tile_size - 1) / tile_size)) {}
};

/// Which splats meet which tiles: those of tile t are splats[ranges[2 t] .. ranges[2 t + 1]), ascending.
struct TileLists {
    const TileSplat* lines = nullptr;       ///< by splat
    const std::uint32_t* splats = nullptr;  ///< by tile
    const std::uint32_t* ranges = nullptr;  ///< [tiles,2]
};

}  // namespace gsfit::gpu
