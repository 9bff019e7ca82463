#include "video/plan.h"

#include <algorithm>
#include <cmath>

#include "gsfit/image/pictures.h"

namespace gsfit {
namespace {

// Small frames are enlarged until the shorter side of a pane has `comfortable` pixels or the longer one `ample`.
constexpr std::int64_t comfortable = 480;
constexpr std::int64_t ample = 1080;

constexpr std::int64_t least_captioned = 160;  ///< a narrower video has no words
constexpr std::int64_t least_width = 640;      ///< of one that has, where it may be so wide
constexpr double least_font = 14;
constexpr double fonts_in_longer_side = 72;  ///< words can be read when the whole video is shown on a screen
constexpr double ems_of_caption = 38;        ///< width of a usual one

constexpr double line_height = 1.4;  // of the font's size, as are the next two
constexpr double baseline = 1.05;
constexpr double padding = 0.5;

std::int64_t even_below(std::int64_t length) { return length / 2 * 2; }
std::int64_t even_above(std::int64_t length) { return (length + 1) / 2 * 2; }

PictureSize pane_size(const PictureSize& frame, const PictureSize& room) {
    const auto [shorter, longer] = std::minmax(frame.width, frame.height);
    const std::int64_t wanted =
        std::max<std::int64_t>(1, std::min((comfortable + shorter - 1) / shorter, ample / longer));
    const std::int64_t times = std::min({wanted, room.width / frame.width, room.height / frame.height});
    if (times >= 1) {
        return {times * frame.width, times * frame.height};
    }
    const double scale = std::min(static_cast<double>(room.width) / static_cast<double>(frame.width),
                                  static_cast<double>(room.height) / static_cast<double>(frame.height));
    const auto scaled = [&](std::int64_t side) {
        return std::max<std::int64_t>(1, std::llround(scale * static_cast<double>(side)));
    };
    return {scaled(frame.width), scaled(frame.height)};
}

double font_size_for(std::int64_t longer_side) {
    return std::max(least_font, static_cast<double>(longer_side) / fonts_in_longer_side);
}

std::int64_t words_height(double font_size, int lines) {
    return even_above(std::llround(font_size * (lines * line_height + 2 * padding)));
}

}  // namespace

VideoPlan::VideoPlan(std::int64_t frame_width, std::int64_t frame_height, const VideoOptions& options) {
    const std::int64_t most = even_below(options.max_width);
    const bool worded = most >= least_captioned;
    const int panes = options.layout == VideoLayout::side ? 2 : 1;
    const int lines = options.layout == VideoLayout::render ? 1 : 2;
    const std::int64_t most_words = worded ? words_height(font_size_for(most), lines) : 0;

    const auto [w, h] = pane_size({frame_width, frame_height}, {most / panes, most - most_words});
    pane_width = w;
    pane_height = h;
    const std::int64_t gap = std::min(even_above((panes - 1) * w / 80), even_below(most - panes * w));
    // A column of pixels alone would leave no room for words.
    const std::int64_t least = worded ? std::max(least_width, h / 3) : 2;
    width = std::min(most, even_above(std::max(panes * w + gap, least)));
    const std::int64_t cell = (width - gap) / panes;
    target_x = even_below((cell - w) / 2);
    render_x = width - cell + target_x;

    height = even_above(h);
    if (worded) {
        font_size = std::max(least_font,
                             std::min(font_size_for(std::max(width, h)), static_cast<double>(width) / ems_of_caption));
        label_y = static_cast<double>(height) + (padding + baseline) * font_size;
        caption_y = label_y + (lines - 1) * line_height * font_size;
        height += words_height(font_size, lines);
    }
}

}  // namespace gsfit
