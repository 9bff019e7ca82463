#include "video/composition.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "gsfit/draw.h"
#include "gsfit/image/pictures.h"
#include "video/caption.h"

namespace gsfit {
namespace {

constexpr std::uint8_t background_grey = 24;
constexpr std::uint8_t label_grey = 160;
constexpr std::uint8_t caption_grey = 235;

Picture scaled(Picture picture, std::int64_t width, std::int64_t height) {
    if (picture.width == width && picture.height == height) {
        return picture;
    }
    return picture_of(PackedImage::copy(picture.rgb, picture.width, picture.height, 3), width, height);
}

/// Puts the columns of `part` from `first` on where they belong when its corner is at (x, 0).
void put(Picture& picture, const Picture& part, std::int64_t x, std::int64_t first) {
    for (std::int64_t y = 0; y < part.height; ++y) {
        const std::uint8_t* row = part.pixel(0, y);
        std::copy(row + 3 * first, row + 3 * part.width, picture.pixel(x + first, y));
    }
}

}  // namespace

Composition::Composition(const VideoPlan& plan, VideoLayout layout, Picture target)
    : plan_(plan), layout_(layout), background_(plan.width, plan.height, background_grey) {
    if (layout_ == VideoLayout::render) {
        return;
    }
    put(background_, scaled(std::move(target), plan_.pane_width, plan_.pane_height), plan_.target_x, 0);
    const double quarter = static_cast<double>(plan_.width) / 4;
    draw_words(background_, quarter, plan_.label_y, "target", label_grey);
    draw_words(background_, 3 * quarter, plan_.label_y, "render", label_grey);
}

Picture Composition::compose(Picture render, const Frame& frame, double progress) const {
    Picture picture = background_;
    const bool slides = layout_ == VideoLayout::slider;
    const std::int64_t edge = slides ? std::llround((1 - progress) * static_cast<double>(plan_.pane_width)) : 0;
    put(picture, scaled(std::move(render), plan_.pane_width, plan_.pane_height), plan_.render_x, edge);
    if (edge > 0 && edge < plan_.pane_width) {
        draw_line(picture, plan_.render_x + edge);
    }
    const double room = static_cast<double>(plan_.width) - plan_.font_size;
    draw_words(picture, static_cast<double>(plan_.width) / 2, plan_.caption_y, caption(frame, plan_.font_size, room),
               caption_grey);
    return picture;
}

void Composition::draw_words(Picture& picture, double centre, double y, const std::string& words,
                             std::uint8_t grey) const {
    if (plan_.font_size > 0) {
        draw_text(picture, centre - text_width(words, plan_.font_size) / 2, y, words,
                  {.size = plan_.font_size, .color = {grey, grey, grey}});
    }
}

/// White with black sides, so that it shows on any picture.
void Composition::draw_line(Picture& picture, std::int64_t column) const {
    const std::int64_t half = 1 + plan_.width / 1280;
    for (const auto& [reach, grey] : {std::pair{2 * half, 0}, std::pair{half, 255}}) {
        const std::int64_t from = std::max(column - reach, plan_.render_x);
        const std::int64_t to = std::min(column + reach, plan_.render_x + plan_.pane_width);
        for (std::int64_t y = 0; y < plan_.pane_height; ++y) {
            std::fill(picture.pixel(from, y), picture.pixel(to, y), static_cast<std::uint8_t>(grey));
        }
    }
}

}  // namespace gsfit
