#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace gsfit {

/// A picture for people to look at: 8 bit sRGB, three bytes a pixel, rows from the top without gaps.
struct Picture {
    Picture() = default;
    /// Filled with one grey.
    Picture(std::int64_t columns, std::int64_t rows, std::uint8_t grey = 0)
        : width(columns), height(rows), rgb(static_cast<std::size_t>(columns * rows) * 3, grey) {}

    std::int64_t width = 0;   ///< [pixels]
    std::int64_t height = 0;  ///< [pixels]
    std::vector<std::uint8_t> rgb;

    [[nodiscard]] std::uint8_t* pixel(std::int64_t x, std::int64_t y) { return rgb.data() + 3 * (y * width + x); }
    [[nodiscard]] const std::uint8_t* pixel(std::int64_t x, std::int64_t y) const {
        return rgb.data() + 3 * (y * width + x);
    }
};

}  // namespace gsfit
