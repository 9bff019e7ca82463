#pragma once

#include <numbers>

#include "gsfit/eval/sources.h"

namespace gsfit {

/// Of a screen of 3840 pixels that is as far away as it is wide.
inline constexpr double default_pixels_per_degree = 3840 * std::numbers::pi / 180;

/// FLIP of Andersson et al. 2020 (LDR) at every pixel: the difference that a person sees who flips between two sRGB
/// images on a screen; 0 to 1, the same when they are swapped. The colours are those of colors_of(), clamped to [0,1];
/// beyond the border an image is continued by its outermost pixels. pixels_per_degree: above 0, finite.
///
/// The result is an image of one channel, made for the rows that it is asked for from a few more of both: `radius` =
/// ceil(0.135 pixels_per_degree) on either side. Throws Error as check_comparable does.
ImageBands flip_map(const ImageBands& image, const ImageBands& target,
                    double pixels_per_degree = default_pixels_per_degree);

/// Its mean, in bands; the same bits for any number of threads.
double flip(const ImageBands& image, const ImageBands& target, double pixels_per_degree = default_pixels_per_degree);

}  // namespace gsfit
