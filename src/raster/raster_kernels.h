#pragma once

#include <cstdint>

#include "gsfit/bins.h"
#include "gsfit/core/ssim.h"
#include "gsfit/core/views.h"

namespace gsfit {

/// What the block kernels draw.
struct RasterJob {
    const Bins* bins = nullptr;
    const float* feature = nullptr;  ///< [N,channels]
    int channels = 0;
    Blend blend = Blend::norm;
    float eps = 0;  ///< of the normaliser
    int topk = 0;   ///< of `topk_norm`: 1 to max_topk
};

/// Where a partial gradient goes: one row per slot, {x, y, a, b, c, feature[channels]}.
inline constexpr int geometry_columns = 5;

/// An image [channels,h,w] of the binned rows: float, or the bits of float16.
struct Pixels {
    void* data = nullptr;
    bool half = false;
};

/// An image and what its backward needs beside it; the planes [h,w] may be null when only the image is wanted.
struct Planes {
    Pixels image;
    float* normaliser = nullptr;  ///< of `norm` and `topk_norm`: sum_k a_k + eps
    float* threshold = nullptr;   ///< of `topk_norm`: the smallest weight that the sample blends
};

/// Draws one block.
void rasterize_block(const RasterJob& job, std::int64_t block, const Planes& out);

/// Gradient with respect to the image -> partial gradients of one block's splats.
void rasterize_block_backward(const RasterJob& job, std::int64_t block, const Planes& out, const Pixels& gradient,
                              float* slots);

/// The loss against the target's pixels on the whole lattice; l1 and l2 are weights per value, ssim is one per window
/// of a channel.
struct LossJob {
    PackedView target;
    Lattice lattice;
    float l1 = 0;
    float l2 = 0;
    float ssim = 0;
};

/// Of weights of means over the lattice.
inline LossJob loss_job(const PackedView& target, const Lattice& lattice, float l1, float l2, float ssim) {
    const auto windows = [](std::int64_t samples) { return (samples + ssim_window_step - 1) / ssim_window_step; };
    const double values = static_cast<double>(lattice.samples()) * target.channels;
    const double all_windows = static_cast<double>(windows(lattice.width) * windows(lattice.height)) * target.channels;
    return {.target = target,
            .lattice = lattice,
            .l1 = static_cast<float>(l1 / values),
            .l2 = static_cast<float>(l2 / values),
            .ssim = static_cast<float>(ssim / all_windows)};
}

/// Draws one block and returns its share of the loss; writes partial gradients when `slots` is not null.
double rasterize_block_loss(const RasterJob& job, std::int64_t block, const LossJob& loss, float* slots);

/// By how much the block's squared error against the loss's target would grow without each of its splats, one float per
/// slot; blends `norm` and `sum`.
void removal_costs_of_block(const RasterJob& job, std::int64_t block, const LossJob& loss, float* slots);

}  // namespace gsfit
