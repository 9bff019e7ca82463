#pragma once

// The structs that pass between rooms.

#include <ATen/core/Tensor.h>

#include <cmath>
#include <cstdint>

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

enum class Blend {
    norm,       ///< sum_k a_k f_k / (sum_k a_k + eps)
    sum,        ///< sum_k a_k f_k
    topk_norm,  ///< norm over those whose weight is at least the topk-th largest of the sample; ties are all kept
};

/// Which samples see a Gaussian, whatever its weight there.
enum class Support {
    ellipse,  ///< where q <= cutoff^2
    tile16,   ///< the 16 x 16 tiles of the lattice that the square of half width ceil(3 sigma_max) touches (Image-GS)
};

/// How Gaussians become pixels; stored with a field, since its values mean nothing without it.
struct Blending {
    Blend blend = Blend::norm;
    float cutoff = 4.2919321F;  ///< [sigma] of `ellipse`: seen where q <= cutoff^2; sqrt(2 ln 10^4)
    float eps = 3e-3F;          ///< of the normaliser, for `norm`; default 30 exp(-cutoff^2 / 2)
    int topk = 10;              ///< of `topk_norm`, whose eps is 1e-4 in Image-GS; 1 to 32
    Support support = Support::ellipse;
};

/// The most that Blending::topk may be.
inline constexpr int max_topk = 32;

/// Weights of the pixel losses: l1 * mean |out - target| + l2 * mean (out - target)^2.
struct PixelLoss {
    float l1 = 0.0F;
    float l2 = 1.0F;
};

}  // namespace gsfit
