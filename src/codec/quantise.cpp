#include "codec/quantise.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace gsfit::codec {
namespace {

int rounded(double value, int least, int most) {
    return static_cast<int>(std::clamp(std::round(value), 1.0 * least, 1.0 * most));
}

Shape shape_of(const Item& item, const Part& part, int gaussian, const ShapeScale& scale) {
    Shape shape;
    const double area = std::ldexp((std::log2(item.major) + std::log2(item.minor)) / 2, log_bits);
    const double within = (area - least_area) / area_step - part.area[gaussian];
    shape.area = std::clamp(static_cast<int>(std::floor(within * scale.areas())), 0, scale.areas() - 1);
    const double aspect = std::ldexp(std::log2(item.major / item.minor), log_bits);
    shape.aspect = rounded(aspect / scale.aspect_step(), 0, scale.most_aspect());
    const int angles = scale.angles(shape);
    shape.angle = rounded(item.angle / std::numbers::pi * angles, 0, angles) % angles;
    const Grid& grid = part.grid;
    const int cell = part.cell[gaussian];
    // From the cell's centre, in the lattice's units.
    const auto place = [&](double x, std::int64_t first, int index) {
        const double from = static_cast<double>(first) + (index + 0.5) * grid.cell;
        return std::ldexp((x - from) / grid.cell, place_bits);
    };
    const Lattice::Point point = scale.lattice(shape).nearest(place(item.x, grid.left, cell % grid.columns),
                                                              place(item.y, grid.top, cell / grid.columns));
    shape.along = point.along;
    shape.across = point.across;
    return shape;
}

}  // namespace

void quantise_colors(const std::vector<Item>& items, const Steps& steps, PlannedPart& planned) {
    Part& part = planned.part;
    for (int i = 0; i < part.size(); ++i) {
        const std::int32_t step = steps.color(i);
        for (int c = 0; c < part.channels; ++c) {
            const std::size_t k = static_cast<std::size_t>(i) * part.channels + c;
            const double value = std::ldexp(items[planned.items[i]].values[c], value_bits);
            part.color[k] = rounded(value / step, -largest_color(step), largest_color(step));
            part.value[k] = part.color[k] * step;
        }
    }
}

void quantise_shapes(const std::vector<Item>& items, const Steps& steps, Log least_sigma, PlannedPart& planned) {
    Part& part = planned.part;
    for (int i = 0; i < part.size(); ++i) {
        const ShapeScale scale(part, steps, least_sigma, i);
        part.shape[i] = shape_of(items[planned.items[i]], part, i, scale);
        part.geometry[i] = scale.geometry(part.shape[i]);
    }
}

}  // namespace gsfit::codec
