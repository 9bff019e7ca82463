#include "gsfit/draw/ellipses.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "draw/bands.h"

namespace gsfit {
namespace {

constexpr std::uint8_t background = 23;  // grey between ellipses
constexpr double outlined_from = 2.5;    // [pixels] radius: smaller ones would be all outline
constexpr double outline_shade = 0.55;   // of the ellipse's own colour

/// An ellipse in a picture, lengths in pixels.
struct Ellipse {
    double x, y;                ///< centre
    double radius_a, radius_b;  ///< half axes
    double rotation;            ///< of axis a, from x towards y [radians]
    double reach;               ///< up and down from the centre
    double red, green, blue;    ///< 0 to 1
};

double channel(const float* feature, int index) { return std::clamp(static_cast<double>(feature[index]), 0.0, 1.0); }

/// Ellipses of the field that can be drawn, the largest first.
std::vector<Ellipse> ellipses_of(const Field& field, std::int64_t width, std::int64_t height) {
    const auto* position = field.position.const_data_ptr<float>();
    const auto* inv_scale = field.inv_scale.const_data_ptr<float>();
    const auto* rotation = field.rotation.const_data_ptr<float>();
    const auto* feature = field.feature.const_data_ptr<float>();
    const int channels = field.channels();
    const double scale = static_cast<double>(width) / static_cast<double>(field.raster_width);
    std::vector<Ellipse> ellipses;
    ellipses.reserve(static_cast<std::size_t>(field.size()));
    for (std::int64_t i = 0; i < field.size(); ++i, feature += channels) {
        Ellipse e{};
        e.x = position[2 * i] * static_cast<double>(width);
        e.y = position[2 * i + 1] * static_cast<double>(height);
        e.radius_a = scale / std::abs(inv_scale[2 * i]);
        e.radius_b = scale / std::abs(inv_scale[2 * i + 1]);
        e.rotation = rotation[i];
        e.reach = std::hypot(e.radius_a * std::sin(e.rotation), e.radius_b * std::cos(e.rotation));
        e.red = channel(feature, 0);
        e.green = channel(feature, channels < 3 ? 0 : 1);
        e.blue = channel(feature, channels < 3 ? 0 : 2);
        if (std::isfinite(e.x + e.y + e.reach + e.red + e.green + e.blue)) ellipses.push_back(e);
    }
    std::ranges::stable_sort(ellipses, std::greater(), [](const Ellipse& e) { return e.radius_a * e.radius_b; });
    return ellipses;
}

void draw(cairo_t* context, const Ellipse& e) {
    cairo_matrix_t saved;
    cairo_get_matrix(context, &saved);
    cairo_translate(context, e.x, e.y);
    cairo_rotate(context, e.rotation);
    cairo_scale(context, e.radius_a, e.radius_b);
    cairo_arc(context, 0, 0, 1, 0, 2 * std::numbers::pi);
    cairo_set_matrix(context, &saved);  // before the outline, which has one width all around
    cairo_set_source_rgb(context, e.red, e.green, e.blue);
    if (std::min(e.radius_a, e.radius_b) < outlined_from) {
        cairo_fill(context);
        return;
    }
    cairo_fill_preserve(context);
    cairo_set_source_rgb(context, outline_shade * e.red, outline_shade * e.green, outline_shade * e.blue);
    cairo_stroke(context);
}

}  // namespace

Picture ellipses_picture(const Field& field, std::int64_t width, std::int64_t height) {
    const std::vector<Ellipse> ellipses = ellipses_of(field, width, height);
    Picture picture(width, height, background);
    draw_in_bands(picture, [&](cairo_t* context, double first, double end) {
        cairo_set_line_width(context, 0.8);
        for (const Ellipse& e : ellipses) {
            if (e.y + e.reach > first - 1 && e.y - e.reach < end + 1) draw(context, e);
        }
    });
    return picture;
}

}  // namespace gsfit
