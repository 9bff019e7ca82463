#pragma once

#include <cstdint>

#include "gsfit/types.h"

namespace gsfit {

/// Mean SSIM (Wang et al. 2004) of image [C,h,w] and the target's pixels on `lattice`, a float32 scalar: 11 x 11 Gaussian
/// window of sigma 1.5, zero padding, C1 = 0.01^2, C2 = 0.03^2, population variances, averaged over channels and
/// samples. Differentiable with respect to image. Worked off in tiles: nothing image-sized is kept but the gradient.
at::Tensor ssim(const at::Tensor& image, const PackedView& target, const Lattice& lattice);

/// l1 * mean |image - target| + l2 * mean (image - target)^2, a float32 scalar; differentiable with respect to image.
at::Tensor pixel_loss(const at::Tensor& image, const PackedView& target, const Lattice& lattice, const PixelLoss& loss);

}  // namespace gsfit
