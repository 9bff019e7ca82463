#include "gsfit/draw/ellipses.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "draw/surface.h"
#include "gsfit/core/parallel.h"

namespace gsfit {
namespace {

constexpr double background = 0.09;     // grey between ellipses
constexpr double outlined_from = 2.5;   // [pixels] radius: smaller ones would be all outline
constexpr double outline_shade = 0.55;  // of the ellipse's own colour
constexpr std::int64_t band_rows = 64;  // that one thread draws at a time

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

/// Rows from `first` on into the picture.
void draw_band(Picture& picture, const std::vector<Ellipse>& ellipses, std::int64_t first) {
    const std::int64_t rows = std::min(band_rows, picture.height - first);
    const Surface surface = image_surface(CAIRO_FORMAT_RGB24, static_cast<int>(picture.width), static_cast<int>(rows));
    const Context context = context_of(surface);
    cairo_set_source_rgb(context.get(), background, background, background);
    cairo_paint(context.get());
    cairo_translate(context.get(), 0, -static_cast<double>(first));
    cairo_set_line_width(context.get(), 0.8);
    for (const Ellipse& e : ellipses) {
        const bool touches =
            e.y + e.reach > static_cast<double>(first) - 1 && e.y - e.reach < static_cast<double>(first + rows) + 1;
        if (touches) draw(context.get(), e);
    }
    cairo_surface_flush(surface.get());
    const unsigned char* data = cairo_image_surface_get_data(surface.get());
    const int stride = cairo_image_surface_get_stride(surface.get());
    for (std::int64_t row = 0; row < rows; ++row) {
        const auto* pixels = reinterpret_cast<const std::uint32_t*>(data + row * stride);
        std::uint8_t* out = picture.pixel(0, first + row);
        for (std::int64_t column = 0; column < picture.width; ++column) {
            *out++ = static_cast<std::uint8_t>(pixels[column] >> 16);
            *out++ = static_cast<std::uint8_t>(pixels[column] >> 8);
            *out++ = static_cast<std::uint8_t>(pixels[column]);
        }
    }
}

}  // namespace

Picture ellipses_picture(const Field& field, std::int64_t width, std::int64_t height) {
    const std::vector<Ellipse> ellipses = ellipses_of(field, width, height);
    Picture picture(width, height);
    parallel_for((height + band_rows - 1) / band_rows,
                 [&](std::int64_t band) { draw_band(picture, ellipses, band * band_rows); });
    return picture;
}

}  // namespace gsfit
