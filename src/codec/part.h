#pragma once

// What is coded of a part: symbols of its Gaussians in coding order, cell by cell, the largest of a cell first.

#include <cstdint>
#include <span>
#include <vector>

#include "codec/layout.h"

namespace gsfit::codec {

inline constexpr int value_bits = 20;  ///< of colours, after the binary point
inline constexpr int place_bits = 16;  ///< of places, after the binary point
inline constexpr int most_areas = 32;

/// Of ln sqrt(sigma_x sigma_y): classes are half an octave wide; class 0 begins at a quarter of a pixel.
inline constexpr Log area_step = octave / 2;
inline constexpr Log least_area = -2 * octave;

/// The symbols of a Gaussian's shape and place.
struct Shape {
    int area = 0;    ///< within its class
    int aspect = 0;  ///< steps of log2(major / minor)
    int angle = 0;   ///< of the major axis, steps from the x axis
    int along = 0;   ///< steps from the cell's centre along the major axis
    int across = 0;  ///< and the minor one
    bool operator==(const Shape&) const = default;
};

/// What symbols stand for.
struct Geometry {
    std::int64_t x = 0;  ///< [pixels of the training raster], in 2^-16ths
    std::int64_t y = 0;
    Log major = 0;  ///< log2 of sigma [pixels]
    Log minor = 0;
    std::int32_t angle = 0;  ///< of the major axis
    bool operator==(const Geometry&) const = default;
};

struct Part {
    Grid grid;
    int channels = 1;
    std::vector<int> first;           ///< Gaussian of each cell, and their number at the end
    std::vector<int> cell;            ///< of each Gaussian
    std::vector<int> area;            ///< its class, 0 to most_areas - 1
    std::vector<int> color;           ///< [N,C] steps in the axes of colour
    std::vector<std::int32_t> value;  ///< [N,C] what they stand for
    std::vector<Shape> shape;
    std::vector<Geometry> geometry;

    [[nodiscard]] int size() const { return static_cast<int>(cell.size()); }
    [[nodiscard]] std::span<const std::int32_t> values(int gaussian) const {
        return std::span(value).subspan(static_cast<std::size_t>(gaussian) * channels, channels);
    }
    void resize(int size);
    /// log2 of the geometric mean of the sigmas in the middle of its class [pixels].
    [[nodiscard]] Log size_of(int gaussian) const { return least_area + area[gaussian] * area_step + area_step / 2; }
};

inline void Part::resize(int size) {
    const auto count = static_cast<std::size_t>(size);
    cell.resize(count);
    area.resize(count);
    color.resize(count * channels);
    value.resize(count * channels);
    shape.resize(count);
    geometry.resize(count);
}

}  // namespace gsfit::codec
