#pragma once

// The structs that pass between rooms.

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "gsfit/blending.h"
#include "gsfit/core/views.h"

namespace gsfit {

/// N Gaussians with C feature channels, contiguous float32 tensors on one device.
struct Field {
    at::Tensor position;             ///< [N,2] (x, y) of the centre, in [0,1] of the image's width and height
    at::Tensor inv_scale;            ///< [N,2] 1 / sigma, sigma in pixels of the training raster
    at::Tensor rotation;             ///< [N,1] radians
    at::Tensor feature;              ///< [N,C] linear weight per channel
    std::int64_t raster_width = 0;   ///< of the training raster [pixels]
    std::int64_t raster_height = 0;  ///< of the training raster [pixels]

    [[nodiscard]] std::int64_t size() const { return position.size(0); }
    [[nodiscard]] int channels() const { return static_cast<int>(feature.size(1)); }
};

/// Gaussians as a lattice sees them: lengths are in samples, sample (j, i) lies at (j + 0.5, i + 0.5).
/// Weight of a Gaussian at d = sample - center: exp(-(A dx^2 + 2 B dx dy + C dy^2) / 2).
struct Splats {
    at::Tensor center;   ///< [N,2]
    at::Tensor conic;    ///< [N,3] (A, B, C)
    at::Tensor det;      ///< [N] A C - B^2 without its cancellation; not positive or not finite: skipped. No gradient.
    at::Tensor feature;  ///< [N,C]
};

/// Weights of the pixel losses: l1 * mean |out - target| + l2 * mean (out - target)^2.
struct PixelLoss {
    float l1 = 0.0F;
    float l2 = 1.0F;
};

}  // namespace gsfit
