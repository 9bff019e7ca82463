#include <algorithm>
#include <cmath>

#include "draw/font.h"
#include "draw/surface.h"
#include "gsfit/draw.h"

namespace gsfit {
namespace {

/// Coverage, 8 bit a pixel.
Surface make_mask(int width, int height) { return image_surface(CAIRO_FORMAT_A8, width, height); }

Context text_context(const Surface& surface, double size) {
    Context context = context_of(surface);
    cairo_set_font_face(context.get(), font());
    cairo_set_font_size(context.get(), size);
    cairo_font_options_t* options = cairo_font_options_create();
    cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);  // widths are not rounded to pixels
    cairo_set_font_options(context.get(), options);
    cairo_font_options_destroy(options);
    return context;
}

cairo_text_extents_t extents_of(const std::string& text, double size) {
    const Surface surface = make_mask(1, 1);
    cairo_text_extents_t extents{};
    cairo_text_extents(text_context(surface, size).get(), text.c_str(), &extents);
    return extents;
}

std::uint8_t mixed(std::uint8_t below, std::uint8_t above, int coverage) {
    return static_cast<std::uint8_t>((below * (255 - coverage) + above * coverage + 127) / 255);
}

}  // namespace

double text_width(const std::string& text, double size) { return extents_of(text, size).x_advance; }

void draw_text(Picture& picture, double x, double y, const std::string& text, const TextStyle& style) {
    const cairo_text_extents_t extents = extents_of(text, style.size);
    const auto left = static_cast<std::int64_t>(std::floor(x + extents.x_bearing)) - 1;
    const auto top = static_cast<std::int64_t>(std::floor(y + extents.y_bearing)) - 1;
    const int width = static_cast<int>(std::ceil(extents.width)) + 3;
    const int height = static_cast<int>(std::ceil(extents.height)) + 3;
    const Surface mask = make_mask(width, height);
    const Context context = text_context(mask, style.size);
    cairo_move_to(context.get(), x - static_cast<double>(left), y - static_cast<double>(top));
    cairo_show_text(context.get(), text.c_str());
    cairo_surface_flush(mask.get());

    const unsigned char* coverage = cairo_image_surface_get_data(mask.get());
    const int stride = cairo_image_surface_get_stride(mask.get());
    for (int row = 0; row < height; ++row) {
        for (int column = 0; column < width; ++column) {
            const std::int64_t px = left + column;
            const std::int64_t py = top + row;
            if (px < 0 || py < 0 || px >= picture.width || py >= picture.height) continue;
            std::uint8_t* pixel = picture.pixel(px, py);
            for (std::size_t c = 0; c < 3; ++c) {
                pixel[c] = mixed(pixel[c], style.color[c], coverage[row * stride + column]);
            }
        }
    }
}

}  // namespace gsfit
