#include "codec/shapes.h"

namespace gsfit::codec {
namespace {

constexpr int most_angles = 4096;
constexpr Log log2_pi = 6764;
constexpr std::int64_t least_elongation = 3277;  // 0.05 of major / minor - minor / major, in 2^-16ths

}  // namespace

int ShapeScale::areas() const {
    return static_cast<int>(std::clamp<std::int64_t>(exp2_fixed(-octave - steps_.area, 0), 1, 32));
}

int ShapeScale::angles(const Shape& shape) const {
    if (shape.aspect == 0) return 1;
    const Log aspect = shape.aspect * aspect_step();
    const std::int64_t elongation = std::max(exp2_fixed(aspect, 16) - exp2_fixed(-aspect, 16), least_elongation);
    const Log angles = log2_pi - steps_.angle + log2_fixed(static_cast<std::uint64_t>(elongation), 16);
    return static_cast<int>(std::clamp<std::int64_t>(exp2_fixed(angles, 0), 1, most_angles));
}

Geometry ShapeScale::form(const Shape& shape) const {
    const Log within = (2 * shape.area + 1) * area_step / (2 * areas());
    const Log area = least_area + part_.area[gaussian_] * area_step + within;
    const Log half_aspect = shape.aspect * aspect_step() / 2;
    const std::int64_t angle = round_divide(std::int64_t{shape.angle} * half_turn, angles(shape));
    return {.major = std::max(area + half_aspect, least_sigma_),
            .minor = std::max(area - half_aspect, least_sigma_),
            .angle = static_cast<std::int32_t>(angle) & (half_turn - 1)};
}

Lattice ShapeScale::lattice(const Shape& shape) const {
    const Geometry own = form(shape);
    return {part_.grid.cell, own.angle, steps_.position + own.major, steps_.position + own.minor};
}

Geometry ShapeScale::geometry(const Shape& shape) const {
    const Lattice places = lattice(shape);
    const Lattice::Point point{shape.along, shape.across};
    const Grid& grid = part_.grid;
    const int cell = part_.cell[gaussian_];
    Geometry geometry = form(shape);
    geometry.x = ((grid.left + std::int64_t{cell % grid.columns} * grid.cell) << place_bits) +
                 grid.cell * (Lattice::half + places.x(point));
    geometry.y = ((grid.top + std::int64_t{cell / grid.columns} * grid.cell) << place_bits) +
                 grid.cell * (Lattice::half + places.y(point));
    return geometry;
}

Directions::Mean Directions::mean(std::span<const Neighbour> neighbours) const {
    std::int64_t weights = 0;
    Vector sum;
    for (const Neighbour& neighbour : neighbours) {
        weights += neighbour.weight;
        sum.x += neighbour.weight * vectors_[neighbour.gaussian].x;
        sum.y += neighbour.weight * vectors_[neighbour.gaussian].y;
    }
    if (weights == 0) return {half_turn / 2, 0};
    const std::int64_t x = floor_divide(sum.x, weights);
    const std::int64_t y = floor_divide(sum.y, weights);
    const Log length = log2_fixed(static_cast<std::uint64_t>(x * x + y * y), 2 * log_bits) / 2;
    constexpr std::array<Log, 3> bounds{-5000, -900, 1500};  // 0.43, 0.86 and 1.3 octaves
    const auto above = std::upper_bound(bounds.begin(), bounds.end(), length);
    return {codec::angle_of(x, y) / 2, static_cast<int>(above - bounds.begin())};
}

void Directions::set(int gaussian, Log aspect, std::int32_t angle) {
    const std::int64_t length = std::min(aspect, 3 * octave);
    const Direction direction = direction_of(2 * angle);
    vectors_[gaussian] = {length * direction.cosine >> direction_bits, length * direction.sine >> direction_bits};
}

}  // namespace gsfit::codec
