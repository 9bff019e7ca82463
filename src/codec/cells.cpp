#include "codec/cells.h"

namespace gsfit::codec {

AreaContext::AreaContext(const Part& part) : part_(part), means_(static_cast<std::size_t>(part.grid.cells())) {}

template <class Visit>
void AreaContext::around(int cell, int last_row, const Visit& visit) const {
    const int column = cell % part_.grid.columns;
    const int row = cell / part_.grid.columns;
    for (int dy = -2; dy <= last_row; ++dy) {
        for (int dx = -2; dx <= 2; ++dx) {
            const bool inside =
                column + dx >= 0 && column + dx < part_.grid.columns && row + dy >= 0 && row + dy < part_.grid.rows;
            if (inside) visit(cell + dy * part_.grid.columns + dx, dx * dx + dy * dy);
        }
    }
}

AreaFeatures AreaContext::features(int cell) const {
    std::int64_t cells = 0;
    std::int64_t gaussians = 0;
    around(cell, 2, [&](int other, int) {
        ++cells;
        gaussians += count(other);
    });
    const Log spacing =
        log2_fixed(static_cast<std::uint64_t>(part_.grid.cell), 0) +
        (log2_fixed(static_cast<std::uint64_t>(cells), 0) - log2_fixed(static_cast<std::uint64_t>(gaussians), 0)) / 2;
    std::int64_t sum = 0;
    std::int64_t weights = 0;
    around(cell, 0, [&](int other, int distance) {
        if (other >= cell) return;
        const std::int64_t weight = std::int64_t{count(other)} * (90 / (1 + distance));
        sum += weight * means_[other];
        weights += weight;
    });
    return {spacing, weights > 0 ? floor_divide(sum, weights) : spacing - least_area - area_step};
}

void AreaContext::add(int cell) {
    std::int64_t sum = 0;
    for (int i = part_.first[cell]; i < part_.first[cell + 1]; ++i) sum += part_.area[i] * area_step + area_step / 2;
    means_[cell] = sum / count(cell);
}

}  // namespace gsfit::codec
