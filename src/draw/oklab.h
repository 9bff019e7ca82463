// Colours by how they look: OKLab (Björn Ottosson, "A perceptual color space for image processing", 2020).

#pragma once

#include <array>
#include <cstdint>

namespace gsfit {

/// The sRGB bytes of a colour, clamped to what they can show. lightness: 0 black to 1 white; chroma: 0 grey to about
/// 0.3; hue [radians].
std::array<std::uint8_t, 3> srgb_of_oklch(double lightness, double chroma, double hue);

}  // namespace gsfit
