#include "draw/oklab.h"

#include <algorithm>
#include <cmath>

namespace gsfit {
namespace {

std::uint8_t srgb_byte(double linear) {
    const double x = std::clamp(linear, 0.0, 1.0);
    const double encoded = x <= 0.0031308 ? 12.92 * x : 1.055 * std::pow(x, 1 / 2.4) - 0.055;
    return static_cast<std::uint8_t>(std::lround(255 * encoded));
}

double cube(double x) { return x * x * x; }

}  // namespace

/// Ottosson's matrices.
std::array<std::uint8_t, 3> srgb_of_oklch(double lightness, double chroma, double hue) {
    const double a = chroma * std::cos(hue);
    const double b = chroma * std::sin(hue);
    const double l = cube(lightness + 0.3963377774 * a + 0.2158037573 * b);
    const double m = cube(lightness - 0.1055613458 * a - 0.0638541728 * b);
    const double s = cube(lightness - 0.0894841775 * a - 1.2914855480 * b);
    return {srgb_byte(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
            srgb_byte(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
            srgb_byte(-0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s)};
}

}  // namespace gsfit
