#include "draw/strip.h"

#include <algorithm>
#include <cmath>

#include "gsfit/draw/dots.h"

namespace gsfit {
namespace {

constexpr std::uint8_t strip_background = 23;
constexpr std::uint8_t ink = 225;

double font_size(const Picture& picture) {
    return std::clamp(static_cast<double>(std::max(picture.width, picture.height)) / 64, 12.0, 44.0);
}

}  // namespace

Strip::Strip(const Picture& above, double lines)
    : top_(above.height),
      size_(font_size(above)),
      picture_(above.width, above.height + std::llround(lines * size_), strip_background) {
    std::ranges::copy(above.rgb, picture_.rgb.begin());
}

void Strip::text(double x, double y, const std::string& words) {
    draw_text(picture_, x, static_cast<double>(top_) + y, words, {.size = size_, .color = {ink, ink, ink}});
}

void Strip::column(std::int64_t x, double top, double height, const std::array<std::uint8_t, 3>& color) {
    if (x < 0 || x >= picture_.width) return;
    const std::int64_t first = top_ + std::llround(top);
    for (std::int64_t y = first; y < first + std::llround(height); ++y) std::ranges::copy(color, picture_.pixel(x, y));
}

void Strip::dot(double x, double y, double radius, const std::array<std::uint8_t, 3>& color) {
    draw_dots(picture_, {{x, static_cast<double>(top_) + y}}, {.radius = radius, .color = color});
}

}  // namespace gsfit
