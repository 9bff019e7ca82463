// What Cairo draws on and with, freed at the end.

#pragma once

#include <cairo.h>

#include <memory>

namespace gsfit {

using Surface = std::unique_ptr<cairo_surface_t, decltype(&cairo_surface_destroy)>;
using Context = std::unique_ptr<cairo_t, decltype(&cairo_destroy)>;

inline Surface image_surface(cairo_format_t format, int width, int height) {
    return {cairo_image_surface_create(format, width, height), cairo_surface_destroy};
}

inline Context context_of(const Surface& surface) { return {cairo_create(surface.get()), cairo_destroy}; }

}  // namespace gsfit
