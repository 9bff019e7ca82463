// The program's font, for Cairo.

#pragma once

#include <cairo.h>

namespace gsfit {

/// DejaVu Sans from the program itself: no font need be installed, and pictures are the same everywhere.
cairo_font_face_t* font();

}  // namespace gsfit
