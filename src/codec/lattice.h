#pragma once

// The places that a Gaussian's centre may take: a lattice along its own axes, of which its cell's are counted.

#include <optional>

#include "codec/part.h"
#include "codec/steps.h"

namespace gsfit::codec {

/// In 2^-16ths of the cell's side, from its centre, which is a point of the lattice.
class Lattice {
public:
    /// `along` and `across` are log2 of the steps [pixels].
    Lattice(int cell, std::int32_t angle, Log along, Log across);

    struct Point {
        int along, across;
    };
    /// How many points lie in the cell, 1 to 2^20.
    [[nodiscard]] int size() const;
    /// In their order: by steps along, then across.
    [[nodiscard]] int index_of(const Point& point) const;
    [[nodiscard]] Point at(int index) const;
    /// That of the cell's which is nearest, measured in steps.
    [[nodiscard]] Point nearest(double x, double y) const;
    /// Whether the point lies in the cell.
    [[nodiscard]] bool contains(const Point& point) const {
        const auto is_inside = [](std::int64_t place) { return place >= -half && place < half; };
        return is_inside(x(point)) && is_inside(y(point));
    }
    [[nodiscard]] std::int64_t x(const Point& point) const { return along_.x * point.along + across_.x * point.across; }
    [[nodiscard]] std::int64_t y(const Point& point) const { return along_.y * point.along + across_.y * point.across; }

    static constexpr std::int64_t half = std::int64_t{1} << (place_bits - 1);  ///< of the cell's side

private:
    struct Vector {
        std::int64_t x, y;
    };
    struct Run {
        std::int64_t first, last;  // none when last < first
        [[nodiscard]] int size() const { return static_cast<int>(std::max<std::int64_t>(last - first + 1, 0)); }
    };
    /// Of steps across, for so many along.
    [[nodiscard]] Run run(std::int64_t along) const;

    Vector along_, across_;
    std::int64_t most_;  // steps along, in either direction
};

}  // namespace gsfit::codec
