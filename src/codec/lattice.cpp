#include "codec/lattice.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace gsfit::codec {
namespace {

constexpr Log least_step = -9 * octave;  // of the cell's side
constexpr Log largest_step = octave;

}  // namespace

Lattice::Lattice(int cell, std::int32_t angle, Log along, Log across) {
    const Log side = log2_fixed(static_cast<std::uint64_t>(cell), 0);
    const Direction direction = direction_of(angle);
    const auto vector = [&](Log step, std::int64_t cosine, std::int64_t sine) {
        const std::int64_t length = exp2_fixed(std::clamp(step - side, least_step, largest_step), place_bits);
        return Vector{round_shift(length * cosine, direction_bits), round_shift(length * sine, direction_bits)};
    };
    along_ = vector(along, direction.cosine, direction.sine);
    across_ = vector(across, -direction.sine, direction.cosine);
    const std::int64_t area = along_.x * across_.y - along_.y * across_.x;
    most_ = half * (std::abs(across_.x) + std::abs(across_.y)) / area;
}

Lattice::Run Lattice::run(std::int64_t along) const {
    Run run{std::numeric_limits<std::int32_t>::min(), std::numeric_limits<std::int32_t>::max()};
    for (const auto& [start, step] : {std::pair(along * along_.x, across_.x), std::pair(along * along_.y, across_.y)}) {
        // -half <= start + n step < half
        const std::int64_t below = -half - start;
        const std::int64_t above = half - 1 - start;
        if (step > 0) {
            run.first = std::max(run.first, ceil_divide(below, step));
            run.last = std::min(run.last, floor_divide(above, step));
        } else if (step < 0) {
            run.first = std::max(run.first, ceil_divide(-above, -step));
            run.last = std::min(run.last, floor_divide(-below, -step));
        } else if (below > 0 || above < 0) {
            return {0, -1};
        }
    }
    return run;
}

int Lattice::size() const {
    int size = 0;
    for (std::int64_t along = -most_; along <= most_; ++along) size += run(along).size();
    return size;
}

int Lattice::index_of(const Point& point) const {
    int index = 0;
    for (std::int64_t along = -most_; along < point.along; ++along) index += run(along).size();
    return index + static_cast<int>(point.across - run(point.along).first);
}

Lattice::Point Lattice::at(int index) const {
    for (std::int64_t along = -most_; along <= most_; ++along) {
        const Run across = run(along);
        if (index < across.size()) return {static_cast<int>(along), static_cast<int>(across.first + index)};
        index -= across.size();
    }
    return {0, 0};
}

Lattice::Point Lattice::nearest(double x, double y) const {
    const auto area = static_cast<double>(along_.x * across_.y - along_.y * across_.x);
    const double wanted_along = (x * static_cast<double>(across_.y) - y * static_cast<double>(across_.x)) / area;
    const double wanted_across = (y * static_cast<double>(along_.x) - x * static_cast<double>(along_.y)) / area;
    Point best{0, 0};
    double least = std::numeric_limits<double>::infinity();
    for (std::int64_t along = -most_; along <= most_; ++along) {
        const double far = static_cast<double>(along) - wanted_along;
        const Run points = run(along);
        if (far * far >= least || points.size() == 0) continue;
        const double across =
            std::clamp(std::round(wanted_across), static_cast<double>(points.first), static_cast<double>(points.last));
        const double distance = far * far + (across - wanted_across) * (across - wanted_across);
        if (distance >= least) continue;
        least = distance;
        best = {static_cast<int>(along), static_cast<int>(across)};
    }
    return best;
}

}  // namespace gsfit::codec
