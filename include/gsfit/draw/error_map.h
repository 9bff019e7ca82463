#pragma once

#include <array>
#include <cstdint>

#include "gsfit/core/picture.h"

namespace gsfit {

/// Where two pictures of one size differ: a pixel's mean absolute difference over R, G and B, d in 8-bit levels, as the
/// colour error_color(sqrt(d / error_map_levels)). Throws std::invalid_argument when the sizes differ.
Picture error_map(const Picture& first, const Picture& second);

/// The difference from which on an error map is brightest [8-bit levels].
inline constexpr int error_map_levels = 32;

/// Colours from black (0) over violet, red and orange to pale yellow (1) whose lightness rises evenly: OKLab L (Björn
/// Ottosson, "A perceptual color space for image processing", 2020) is linear in `value`, which is clamped to [0, 1].
std::array<std::uint8_t, 3> error_color(double value);

/// An error map above a strip that says what its colours mean.
Picture with_error_legend(const Picture& map);

}  // namespace gsfit
