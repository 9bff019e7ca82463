#include "codec/layout.h"

#include <algorithm>
#include <cmath>

namespace gsfit::codec {
namespace {

constexpr std::int64_t most_layer_cells = 192;  // of a side

int clamped(double x, double last) { return static_cast<int>(std::clamp(x, 0.0, last)); }

Grid layer_grid(const Header& header) {
    if (header.layer_cell == 0) return {};
    const std::int64_t cell = header.layer_cell;
    const std::int64_t margin = ceil_divide(std::int64_t{header.margin} * header.cell, cell);
    const std::int64_t columns = ceil_divide(header.description.width, cell) + 2 * margin;
    const std::int64_t rows = ceil_divide(header.description.height, cell) + 2 * margin;
    if (std::max(columns, rows) > most_layer_cells) throw Damage("its header tells of more cells than there may be");
    return {-margin * cell, -margin * cell, header.layer_cell, static_cast<int>(columns), static_cast<int>(rows)};
}

}  // namespace

int Grid::cell_at(double x, double y) const {
    const int column = clamped(std::floor((x - static_cast<double>(left)) / cell), columns - 1);
    return clamped(std::floor((y - static_cast<double>(top)) / cell), rows - 1) * columns + column;
}

Layout::Layout(const Header& header)
    : cell_(header.cell), chunk_cells_(header.chunk_cells), margin_(header.margin), layer_(layer_grid(header)) {
    columns_ = ceil_divide(header.description.width, cell_);
    rows_ = ceil_divide(header.description.height, cell_);
    chunk_columns = ceil_divide(columns_, chunk_cells_);
    chunk_rows = ceil_divide(rows_, chunk_cells_);
}

Grid Layout::grid(std::int64_t part) const {
    if (part == 0) return layer_;
    // A chunk at the border of the image has the margin's cells too.
    const auto span_of = [&](std::int64_t chunk, std::int64_t chunks, std::int64_t cells) {
        const std::int64_t first = chunk == 0 ? -margin_ : chunk * chunk_cells_;
        const std::int64_t end = chunk == chunks - 1 ? cells + margin_ : (chunk + 1) * chunk_cells_;
        return std::pair(first, static_cast<int>(end - first));
    };
    const auto [column, columns] = span_of((part - 1) % chunk_columns, chunk_columns, columns_);
    const auto [row, rows] = span_of((part - 1) / chunk_columns, chunk_rows, rows_);
    return {column * cell_, row * cell_, cell_, columns, rows};
}

std::int64_t Layout::chunk_at(double x, double y) const {
    const double side = double{1} * cell_ * chunk_cells_;
    const int column = clamped(std::floor(x / side), static_cast<double>(chunk_columns - 1));
    return 1 + clamped(std::floor(y / side), static_cast<double>(chunk_rows - 1)) * chunk_columns + column;
}

}  // namespace gsfit::codec
