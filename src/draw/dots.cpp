#include "gsfit/draw/dots.h"

#include <cmath>
#include <numbers>

#include "draw/bands.h"
#include "draw/strip.h"

namespace gsfit {
namespace {

constexpr double rim_width = 0.35;  // of the radius
constexpr double rim_opacity = 0.7;

void draw(cairo_t* context, const Dot& dot, const DotStyle& style) {
    cairo_new_sub_path(context);
    cairo_arc(context, dot.x, dot.y, (1 + rim_width) * style.radius, 0, 2 * std::numbers::pi);
    cairo_set_source_rgba(context, 0, 0, 0, rim_opacity);
    cairo_fill(context);
    cairo_arc(context, dot.x, dot.y, style.radius, 0, 2 * std::numbers::pi);
    cairo_set_source_rgb(context, style.color[0] / 255.0, style.color[1] / 255.0, style.color[2] / 255.0);
    cairo_fill(context);
}

}  // namespace

void draw_dots(Picture& picture, const std::vector<Dot>& dots, const DotStyle& style) {
    const double reach = (1 + rim_width) * style.radius + 1;
    draw_in_bands(picture, [&](cairo_t* context, double first, double end) {
        for (const Dot& dot : dots) {
            if (std::isfinite(dot.x) && dot.y + reach > first && dot.y - reach < end) draw(context, dot, style);
        }
    });
}

Picture with_dot_legend(const Picture& picture, const std::vector<DotLegend>& legend) {
    Strip strip(picture, 2);
    const double size = strip.size();
    double x = size;
    for (const DotLegend& entry : legend) {
        strip.dot(x + 0.35 * size, size, 0.3 * size, entry.color);
        x += 1.1 * size;
        strip.text(x, 1.36 * size, entry.words);
        x += text_width(entry.words, size) + 1.5 * size;
    }
    return strip.picture();
}

}  // namespace gsfit
