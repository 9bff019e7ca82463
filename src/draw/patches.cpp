#include "gsfit/draw/patches.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "draw/strip.h"
#include "gsfit/draw.h"
#include "gsfit/draw/error_map.h"

namespace gsfit {
namespace {

using Color = std::array<std::uint8_t, 3>;

constexpr double brightest = 0.6;  // score

/// The pixels whose centres lie within, mixed with the colour: `share` of it, and of them what they have but darkened.
void tint(Picture& picture, const ScoredPatch& patch, const Color& color, double share, double inset) {
    const auto first = [](double edge) { return std::max<std::int64_t>(0, std::llround(edge)); };
    const std::int64_t right = std::min(picture.width, first(patch.x + patch.width - inset));
    const std::int64_t bottom = std::min(picture.height, first(patch.y + patch.height - inset));
    for (std::int64_t y = first(patch.y + inset); y < bottom; ++y) {
        for (std::int64_t x = first(patch.x + inset); x < right; ++x) {
            std::uint8_t* pixel = picture.pixel(x, y);
            for (std::size_t c = 0; c < 3; ++c) {
                pixel[c] = static_cast<std::uint8_t>((1 - share) * pixel[c] + share * color[c]);
            }
        }
    }
}

void frame(Picture& picture, const ScoredPatch& patch, double line, double inset) {
    constexpr Color white{255, 255, 255};
    const double left = patch.x + inset;
    const double top = patch.y + inset;
    const double width = patch.width - 2 * inset;
    const double height = patch.height - 2 * inset;
    for (const ScoredPatch& side :
         {ScoredPatch{left, top, width, line}, ScoredPatch{left, top + height - line, width, line},
          ScoredPatch{left, top, line, height}, ScoredPatch{left + width - line, top, line, height}}) {
        tint(picture, side, white, 0.9, 0);
    }
}

void write_label(Picture& picture, const ScoredPatch& patch) {
    const double wide = text_width(patch.label, 100) / 100;  // by size
    const double size = std::min({26.0, patch.height / 4, 0.8 * patch.width / wide});
    constexpr double least = 8;  // [pixels] that people can read
    if (size < least) return;
    const double x = patch.x + (patch.width - wide * size) / 2;
    const double y = patch.y + (patch.height + 0.7 * size) / 2;
    draw_text(picture, x + 1, y + 1, patch.label, {.size = size, .color = {0, 0, 0}});
    draw_text(picture, x, y, patch.label, {.size = size, .color = {255, 255, 255}});
}

}  // namespace

Picture patches_picture(const Picture& picture, const std::vector<ScoredPatch>& patches, const std::string& marked) {
    Picture result = picture;
    const double line = std::max(1.0, static_cast<double>(std::max(picture.width, picture.height)) / 1000);
    for (std::uint8_t& value : result.rgb) value = static_cast<std::uint8_t>(value / 2);
    for (const ScoredPatch& patch : patches) tint(result, patch, error_color(patch.score / brightest), 0.5, line);
    for (const ScoredPatch& patch : patches) {
        if (patch.marked) frame(result, patch, line, line);
        write_label(result, patch);
    }
    Strip strip(result, 2.9);
    const double size = strip.size();
    const std::string heading = "score, 0 to 0.6 and more; framed: " + marked;
    strip.text(size, 1.75 * size, heading);
    const double left = text_width(heading, size) + 3 * size;
    const double bar = static_cast<double>(result.width) - left - 2 * size;
    for (std::int64_t x = 0; x < std::llround(bar); ++x) {
        strip.column(std::llround(left) + x, size, 1.2 * size, error_color(static_cast<double>(x + 1) / bar));
    }
    return strip.picture();
}

}  // namespace gsfit
