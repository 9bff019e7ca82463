#pragma once

#include "gsfit/core/picture.h"
#include "gsfit/types.h"

namespace gsfit {

/// Every Gaussian of the field (on the CPU) as its ellipse at one sigma, {p : d^T S^-1 d = 1}, filled with its colour:
/// the first three channels, or the first as grey. Small ones lie above large ones. Gaussians whose numbers are not
/// finite or whose scale is 0 have none.
/// width, height [pixels], up to 32767: the whole raster is shown.
Picture ellipses_picture(const Field& field, std::int64_t width, std::int64_t height);

}  // namespace gsfit
