#pragma once

#include <cstdint>

#include "gsfit/types.h"

namespace gsfit {

// Everywhere here: image is a float32 CPU tensor, the target has as many channels (1 to 16) and the lattice's raster as
// its size; anything else throws Error. What a target's view points at must live until backward is done. Results are
// the same bits for any number of threads; NaN in the image makes them NaN. Double backward throws Error.

/// Mean SSIM (Wang et al. 2004) of image [C,h,w] and the target's pixels on `lattice`, a float32 scalar: 11 x 11
/// Gaussian window of sigma 1.5, zero padding, C1 = 0.01^2, C2 = 0.03^2, population variances, averaged over channels
/// and samples. Differentiable with respect to image. Worked off in tiles: nothing image-sized is kept but the
/// gradient.
at::Tensor ssim(const at::Tensor& image, const PackedView& target, const Lattice& lattice);

/// l1 * mean |image - target| + l2 * mean (image - target)^2, a float32 scalar; differentiable with respect to image.
at::Tensor pixel_loss(const at::Tensor& image, const PackedView& target, const Lattice& lattice, const PixelLoss& loss);

/// `band` and the rows around it that its SSIM depends on: 5 on either side where the lattice has them.
Rows ssim_rows(const Lattice& lattice, const Rows& band);

/// Sum of SSIM over channels and the samples of `band`; image [C,n,w] holds the n rows ssim_rows(lattice, band).
/// The sums of all bands make C * samples * ssim() of the whole lattice. Not differentiable.
double ssim_sum(const at::Tensor& image, const PackedView& target, const Lattice& lattice, const Rows& band);

/// Sum of (image - target)^2 over samples and channels of image [C,h,w]. Not differentiable.
double squared_error(const at::Tensor& image, const PackedView& target, const Lattice& lattice);

}  // namespace gsfit
