#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

#include "gsfit/core/parallel.h"
#include "loss/kernels.h"

namespace gsfit {

/// The tiles of some rows of a lattice, row by row; all but the last of a row are equally wide.
class Tiles {
public:
    Tiles(const Lattice& lattice, const Rows& rows)
        : width_(lattice.width),
          rows_(rows),
          across_((width_ + tile_columns - 1) / tile_columns),
          columns_((width_ + across_ - 1) / across_) {}

    [[nodiscard]] std::int64_t count() const { return across_ * ((rows_.count + tile_rows - 1) / tile_rows); }

    [[nodiscard]] Tile operator[](std::int64_t i) const {
        const std::int64_t row = i / across_ * tile_rows;
        const std::int64_t column = i % across_ * columns_;
        return {.row = rows_.first + row,
                .column = column,
                .rows = std::min(tile_rows, rows_.count - row),
                .columns = std::min(columns_, width_ - column)};
    }

private:
    std::int64_t width_;
    Rows rows_;
    std::int64_t across_;
    std::int64_t columns_;
};

/// Sum of value_of(tile), added in the order of the tiles whatever the number of threads.
template <class ValueOf>
double sum_over(const Tiles& tiles, const ValueOf& value_of) {
    std::vector<double> values(static_cast<std::size_t>(tiles.count()));
    parallel_for(tiles.count(), [&](std::int64_t i) { values[static_cast<std::size_t>(i)] = value_of(tiles[i]); });
    return std::accumulate(values.begin(), values.end(), 0.0);
}

}  // namespace gsfit
