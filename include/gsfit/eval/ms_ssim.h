#pragma once

#include <optional>

#include "gsfit/eval/sources.h"

namespace gsfit {

/// The shorter side [pixels] from which on an image has an MS-SSIM: its smallest scale then holds an 11 x 11 window.
inline constexpr std::int64_t ms_ssim_side = 161;

/// Multi-scale SSIM of Wang, Simoncelli and Bovik 2003, the mean over channels of
///
///     max(0, s_5)^0.1333 * product over the first four scales of max(0, c_i)^(0.0448, 0.2856, 0.3001, 0.2363)
///
/// with s the mean of SSIM, c that of its contrast and structure term, both over windows (11 x 11, sigma 1.5) that lie
/// inside the scale. A scale is the mean of 2 x 2 pixels of the one before; a column of zeros is set before the first
/// where the width is odd, and likewise a row. Nothing for images of a shorter side below ms_ssim_side.
///
/// Rows stream through all scales: about 1200 * channels * width floats are held. The same bits for any number of
/// threads; NaN where an image has NaN. Throws Error as check_comparable does.
std::optional<double> ms_ssim(const ImageBands& image, const ImageBands& target);

}  // namespace gsfit
