#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numbers>
#include <stdexcept>

#include "gsfit/report.h"

namespace gsfit {
namespace {

std::uint8_t srgb_byte(double linear) {
    const double x = std::clamp(linear, 0.0, 1.0);
    const double encoded = x <= 0.0031308 ? 12.92 * x : 1.055 * std::pow(x, 1 / 2.4) - 0.055;
    return static_cast<std::uint8_t>(std::lround(255 * encoded));
}

double cube(double x) { return x * x * x; }

/// Ottosson's matrices.
std::array<std::uint8_t, 3> srgb_of_oklab(double lightness, double a, double b) {
    const double l = cube(lightness + 0.3963377774 * a + 0.2158037573 * b);
    const double m = cube(lightness - 0.1055613458 * a - 0.0638541728 * b);
    const double s = cube(lightness - 0.0894841775 * a - 1.2914855480 * b);
    return {srgb_byte(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
            srgb_byte(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
            srgb_byte(-0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s)};
}

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
    return srgb_of_oklab(lightness, chroma * std::cos(hue), chroma * std::sin(hue));
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

}  // namespace gsfit
