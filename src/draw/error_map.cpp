#include "gsfit/draw/error_map.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numbers>
#include <stdexcept>

#include "draw/oklab.h"
#include "draw/strip.h"

namespace gsfit {
namespace {

/// error_color of sqrt(sum / (3 error_map_levels)) by the sum of three absolute differences.
std::array<std::array<std::uint8_t, 3>, 3 * 255 + 1> colors_of_sums() {
    std::array<std::array<std::uint8_t, 3>, 3 * 255 + 1> colors{};
    for (std::size_t sum = 0; sum < colors.size(); ++sum) {
        colors[sum] = error_color(std::sqrt(static_cast<double>(sum) / (3 * error_map_levels)));
    }
    return colors;
}

}  // namespace

std::array<std::uint8_t, 3> error_color(double value) {
    const double t = std::clamp(value, 0.0, 1.0);
    const double lightness = 0.97 * t;
    const double chroma = 0.19 * std::pow(std::sin(std::numbers::pi * std::pow(t, 0.9)), 0.8) + 0.04 * t;
    const double hue = (295 + 170 * t) * std::numbers::pi / 180;  // violet, red, orange, yellow
    return srgb_of_oklch(lightness, chroma, hue);
}

Picture error_map(const Picture& first, const Picture& second) {
    if (first.width != second.width || first.height != second.height) {
        throw std::invalid_argument("error_map: pictures of two sizes");
    }
    const auto colors = colors_of_sums();
    Picture map(first.width, first.height);
    for (std::size_t i = 0; i < map.rgb.size(); i += 3) {
        std::size_t sum = 0;
        for (std::size_t c = i; c < i + 3; ++c) sum += static_cast<std::size_t>(std::abs(first.rgb[c] - second.rgb[c]));
        std::ranges::copy(colors[sum], map.rgb.begin() + static_cast<std::ptrdiff_t>(i));
    }
    return map;
}

Picture with_error_legend(const Picture& map) {
    constexpr std::array levels{0, 2, 8, 18, 32};  // at quarters of the bar
    const std::string heading = "mean difference of R, G and B, of 255";
    Strip strip(map, 2.9);
    const double size = strip.size();
    const double room = static_cast<double>(map.width) - 2 * size;
    const bool with_heading = text_width(heading, size) < room / 2;
    const double left = with_heading ? text_width(heading, size) + 2.5 * size : size;
    const double bar = std::floor(static_cast<double>(map.width) - left - 2 * size);
    if (with_heading) strip.text(size, 1.75 * size, heading);
    for (std::int64_t x = 0; static_cast<double>(x) < bar; ++x) {
        strip.column(std::llround(left) + x, 0.5 * size, 0.8 * size, error_color(static_cast<double>(x + 1) / bar));
    }
    for (std::size_t i = 0; i < levels.size(); ++i) {
        const std::string label = std::to_string(levels[i]) + (levels[i] == error_map_levels ? "+" : "");
        const double center = left + bar * static_cast<double>(i) / (levels.size() - 1);
        strip.text(center - text_width(label, size) / 2, 2.45 * size, label);
    }
    return strip.picture();
}

}  // namespace gsfit
