#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace gsfit {

// Metrics that look at windows work off tiles: small enough that their planes stay in a core's cache, and that nothing
// of the image's size is held. A tile brings the border that its windows reach into.

/// A part of a band of rows.
struct Tile {
    std::int64_t x = 0;
    std::int64_t y = 0;
    std::int64_t width = 0;
    std::int64_t height = 0;
};

/// The tiles, of 64 x 64 but for the last ones, that make up width x height; none when there is nothing.
std::vector<Tile> tiles_of(std::int64_t width, std::int64_t height);

/// width x height floats.
struct Plane {
    Plane(std::int64_t columns, std::int64_t rows)
        : width(columns), height(rows), values(static_cast<std::size_t>(columns * rows)) {}

    [[nodiscard]] float* row(std::int64_t y) { return values.data() + y * width; }
    [[nodiscard]] const float* row(std::int64_t y) const { return values.data() + y * width; }

    std::int64_t width;
    std::int64_t height;
    std::vector<float> values;
};

/// The sum over k of kernel[k] * plane(x + k, y); kernel.size() - 1 columns fewer.
Plane filter_rows(const Plane& plane, std::span<const float> kernel);

/// The sum over k of kernel[k] * plane(x, y + k); kernel.size() - 1 rows fewer.
Plane filter_columns(const Plane& plane, std::span<const float> kernel);

}  // namespace gsfit
