#pragma once

#include <cstddef>
#include <cstdint>

#include "cuda/primitives.h"
#include "cuda/stream.h"
#include "loss/kernels.h"

namespace gsfit::gpu {

// As image_loss() and the metrics of gsfit/loss.h, over memory of the device: image, target, sums and gradients lie
// there. The image holds the band's rows at least, and those of ssim_rows() where SSIM counts. Results are the same
// bits from run to run; NaN in the image makes them NaN.

/// Sums over the samples of a band and all channels.
struct LossSums {
    double absolute;       ///< sum of |image - target|
    double squared;        ///< sum of (image - target)^2
    double dissimilarity;  ///< sum of 1 - SSIM
};

/// Workspace of the two functions below, for bands of this width and up to so many rows.
std::size_t loss_workspace_bytes(int channels, std::int64_t width, std::int64_t rows);

/// Adds the band's absolute and squared errors to `sums`.
void add_errors(const Comparison& comparison, const Rows& band, LossSums* sums, Workspace workspace, Stream stream);

/// Adds the band's dissimilarity to `sums`.
void add_dissimilarity(const Comparison& comparison, const Rows& band, LossSums* sums, Workspace workspace,
                       Stream stream);

/// Gradient of the factored sums over the band, as tile_loss() defines it, in all rows that `gradient` holds: they
/// are rows of the image. `loss_scale` is a float on the device that all is multiplied with before it is rounded to the
/// gradient's type, or null.
void loss_gradient(const Comparison& comparison, const Rows& band, const Factors& factors, const float* loss_scale,
                   const Planar<std::byte>& gradient, Stream stream);

}  // namespace gsfit::gpu
