#pragma once

#include "gsfit/gpu.h"
#include "gsfit/loss.h"

namespace gsfit {

// The loss on a GPU.

/// {sum of |x - y|, sum of (x - y)^2, sum of 1 - SSIM} over the band, float64 [3] on the GPU; those that are not asked
/// for are 0.
at::Tensor device_sums(const Gpu& gpu, const at::Tensor& image, const Comparison& comparison, const Rows& band,
                       bool errors, bool dissimilarity);

/// The gradient of the factored sums times *scale, a float32 scalar on the GPU, with respect to the image.
at::Tensor device_gradient(const Gpu& gpu, const at::Tensor& image, const Comparison& comparison, const Rows& band,
                           const Factors& factors, const at::Tensor& scale);

}  // namespace gsfit
