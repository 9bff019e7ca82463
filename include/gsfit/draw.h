#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "gsfit/core/picture.h"

namespace gsfit {

/// How text looks: DejaVu Sans, which is part of the program.
struct TextStyle {
    double size = 16;                                  ///< of the font [pixels]; a line takes about 1.2 of it
    std::array<std::uint8_t, 3> color{255, 255, 255};  ///< sRGB
};

/// Width of one line of UTF-8 [pixels].
double text_width(const std::string& text, double size);

/// Draws one line of UTF-8 whose baseline starts at (x, y) [pixels]; what lies outside the picture is cut off.
void draw_text(Picture& picture, double x, double y, const std::string& text, const TextStyle& style);

}  // namespace gsfit
