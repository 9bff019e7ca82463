#include "codec/quantise.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace gsfit::codec {
namespace {

int rounded(double value, int least, int most) {
    return static_cast<int>(std::clamp(std::round(value), 1.0 * least, 1.0 * most));
}

}  // namespace

void quantise_color(const Item& item, const Steps& steps, Part& part, int gaussian) {
    const std::int32_t step = steps.color(gaussian);
    for (int c = 0; c < part.channels; ++c) {
        const std::size_t k = static_cast<std::size_t>(gaussian) * part.channels + c;
        const double value = std::ldexp(item.values[c], value_bits);
        part.color[k] = rounded(value / step, -largest_color(step), largest_color(step));
        part.value[k] = part.color[k] * step;
    }
}

void quantise_form(const Item& item, const ShapeScale& scale, Part& part, int gaussian) {
    Shape& shape = part.shape[gaussian];
    const double area = std::ldexp((std::log2(item.major) + std::log2(item.minor)) / 2, log_bits);
    const double within = (area - least_area) / area_step - part.area[gaussian];
    shape.area = static_cast<int>(std::clamp(std::floor(within * scale.areas()), 0.0, scale.areas() - 1.0));
    const double aspect = std::ldexp(std::log2(item.major / item.minor), log_bits);
    shape.aspect = rounded(aspect / scale.aspect_step(), 0, scale.most_aspect());
    const int angles = scale.angles(shape);
    shape.angle = rounded(item.angle / std::numbers::pi * angles, 0, angles) % angles;
}

void quantise_place(double x, double y, const ShapeScale& scale, Part& part, int gaussian) {
    Shape& shape = part.shape[gaussian];
    const Grid& grid = part.grid;
    const int cell = part.cell[gaussian];
    // From the cell's centre, in the lattice's units.
    const auto place = [&](double pixel, std::int64_t first, int index) {
        const double from = static_cast<double>(first) + (index + 0.5) * grid.cell;
        return std::ldexp((pixel - from) / grid.cell, place_bits);
    };
    const Lattice::Point point =
        scale.lattice(shape).nearest(place(x, grid.left, cell % grid.columns), place(y, grid.top, cell / grid.columns));
    shape.along = point.along;
    shape.across = point.across;
    part.geometry[gaussian] = scale.geometry(shape);
}

}  // namespace gsfit::codec
