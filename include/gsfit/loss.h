#pragma once

#include <c10/core/ScalarType.h>

#include <cstdint>

#include "gsfit/types.h"

namespace gsfit {

// Everywhere here: image is a float32 or float16 tensor whose rows are dense (others are copied), on a GPU if the
// target can be read there; the target has as many channels (1 to 64) and the lattice's raster as its size; anything
// else throws Error. What a target's view points at must live until backward is done. Sums are kept in double and
// results are the same bits for any number of threads; NaN in the image makes them NaN.
//
// SSIM is that of Wang et al. 2004: 11 x 11 Gaussian window of sigma 1.5, zero padding around the lattice, C1 = 0.01^2,
// C2 = 0.03^2, population variances.

/// Weights: pixel.l1 * mean |image - target| + pixel.l2 * mean (image - target)^2 + ssim * (1 - mean SSIM), means over
/// the lattice's samples and channels.
struct ImageLoss {
    PixelLoss pixel;
    float ssim = 0.0F;
};

/// `band` and the rows around it that its SSIM depends on: 5 on either side where the lattice has them.
Rows ssim_rows(const Lattice& lattice, const Rows& band);

/// The rows that the band's part of the loss depends on: ssim_rows() where SSIM counts, the band's own otherwise.
Rows loss_rows(const Lattice& lattice, const Rows& band, const ImageLoss& loss);

/// What the samples of `band` add to the loss of the whole lattice, a float32 scalar: the values of bands that make up
/// the lattice sum to its loss, and their gradients to its gradient. image [C,n,w] holds the n rows loss_rows(lattice,
/// band, loss).
///
/// Differentiable, once, with respect to image: the gradient has its dtype and covers all of its rows, those around the
/// band as well. On the CPU that of a float32 image is made along with the loss. What backward is given (the loss scale
/// of mixed precision) is multiplied in before the gradient is rounded to float16, where overflow makes infinity.
/// Worked off in tiles: image_loss_bytes() is all that is made.
at::Tensor image_loss(const at::Tensor& image, const PackedView& target, const Lattice& lattice, const Rows& band,
                      const ImageLoss& loss);

/// Bytes that image_loss() makes for an image [channels,rows,width] of this dtype with dense rows: its gradient.
std::int64_t image_loss_bytes(int channels, std::int64_t rows, std::int64_t width, at::ScalarType dtype);

/// Sum of SSIM over channels and the samples of `band`; image [C,n,w] holds the n rows ssim_rows(lattice, band).
/// The sums of all bands make C * samples * mean SSIM of the whole lattice. Not differentiable.
double ssim_sum(const at::Tensor& image, const PackedView& target, const Lattice& lattice, const Rows& band);

/// Sum of (image - target)^2 over samples and channels of image [C,h,w]. Not differentiable.
double squared_error(const at::Tensor& image, const PackedView& target, const Lattice& lattice);

}  // namespace gsfit
