#include "draw/bands.h"

#include <algorithm>
#include <cstdint>

#include "gsfit/core/parallel.h"

namespace gsfit {
namespace {

constexpr std::int64_t band_rows = 64;  // that one thread draws at a time

void put_in(const Picture& picture, std::int64_t first, std::int64_t rows, cairo_surface_t* surface) {
    unsigned char* data = cairo_image_surface_get_data(surface);
    const int stride = cairo_image_surface_get_stride(surface);
    for (std::int64_t row = 0; row < rows; ++row) {
        auto* pixels = reinterpret_cast<std::uint32_t*>(data + row * stride);
        const std::uint8_t* in = picture.pixel(0, first + row);
        for (std::int64_t column = 0; column < picture.width; ++column, in += 3) {
            pixels[column] = std::uint32_t{in[0]} << 16 | std::uint32_t{in[1]} << 8 | in[2];
        }
    }
    cairo_surface_mark_dirty(surface);
}

void take_out(cairo_surface_t* surface, std::int64_t first, std::int64_t rows, Picture& picture) {
    cairo_surface_flush(surface);
    const unsigned char* data = cairo_image_surface_get_data(surface);
    const int stride = cairo_image_surface_get_stride(surface);
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

void draw_in_bands(Picture& picture, const std::function<void(cairo_t* context, double first, double end)>& draw) {
    parallel_for((picture.height + band_rows - 1) / band_rows, [&](std::int64_t band) {
        const std::int64_t first = band * band_rows;
        const std::int64_t rows = std::min(band_rows, picture.height - first);
        const Surface surface =
            image_surface(CAIRO_FORMAT_RGB24, static_cast<int>(picture.width), static_cast<int>(rows));
        cairo_surface_flush(surface.get());
        put_in(picture, first, rows, surface.get());
        const Context context = context_of(surface);
        cairo_translate(context.get(), 0, -static_cast<double>(first));
        draw(context.get(), static_cast<double>(first), static_cast<double>(first + rows));
        take_out(surface.get(), first, rows, picture);
    });
}

}  // namespace gsfit
