#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "gsfit/core/picture.h"

namespace gsfit {

struct Dot {
    double x = 0;  ///< of its centre [pixels]; the first pixel's is at 0.5
    double y = 0;
};

struct DotStyle {
    double radius = 2;                                 ///< [pixels], without the dark rim around it
    std::array<std::uint8_t, 3> color{255, 255, 255};  ///< sRGB
};

/// Draws the dots, later ones above; what lies outside the picture is cut off, and what is not finite left out.
void draw_dots(Picture& picture, const std::vector<Dot>& dots, const DotStyle& style);

/// What a colour of dots stands for.
struct DotLegend {
    std::array<std::uint8_t, 3> color{};
    std::string words;
};

/// The picture above a strip that says so; words that find no room are cut off.
Picture with_dot_legend(const Picture& picture, const std::vector<DotLegend>& legend);

}  // namespace gsfit
