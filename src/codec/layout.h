#pragma once

// How the image is divided: cells, chunks of cells, and one layer of coarse cells for large Gaussians.

#include <cstdint>

#include "codec/header.h"

namespace gsfit::codec {

/// Cells in raster order; the first one's corner is (left, top) [pixels of the training raster].
struct Grid {
    std::int64_t left = 0;
    std::int64_t top = 0;
    int cell = 1;
    int columns = 0;
    int rows = 0;

    [[nodiscard]] int cells() const { return columns * rows; }
    /// The cell of a place, or the nearest one.
    [[nodiscard]] int cell_at(double x, double y) const;
};

struct Layout {
    /// Throws Damage when there are more cells than a part may have.
    explicit Layout(const Header& header);

    /// Part 0 is the layer, be there one or not; the chunks follow in raster order.
    [[nodiscard]] std::int64_t parts() const { return 1 + chunk_columns * chunk_rows; }
    [[nodiscard]] Grid grid(std::int64_t part) const;
    /// The chunk of a place, or the nearest one.
    [[nodiscard]] std::int64_t chunk_at(double x, double y) const;

    std::int64_t chunk_columns, chunk_rows;

private:
    int cell_, chunk_cells_, margin_;
    std::int64_t columns_, rows_;  // of cells that cover the image
    Grid layer_;
};

}  // namespace gsfit::codec
