#pragma once

// Renders that miss their target, for tests of losses and metrics.

#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

#include <algorithm>

#include "gsfit/core/random.h"
#include "gsfit/loss.h"
#include "gsfit/types.h"

namespace gsfit {

/// [C,h,w]: the target's pixels on the lattice plus uniform noise of up to `error`, not clamped.
inline at::Tensor noisy(const PackedView& target, const Lattice& lattice, float error) {
    Random random(7);
    at::Tensor image = at::empty({target.channels, lattice.height, lattice.width});
    float* out = image.mutable_data_ptr<float>();
    for (int c = 0; c < target.channels; ++c) {
        for (std::int64_t i = 0; i < lattice.height; ++i) {
            for (std::int64_t j = 0; j < lattice.width; ++j) {
                const float value = target.value(lattice.x + j * lattice.stride, lattice.y + i * lattice.stride, c);
                *out++ = value + error * (2 * static_cast<float>(random.uniform()) - 1);
            }
        }
    }
    return image;
}

inline constexpr ImageLoss only_ssim{.pixel = {0, 0}, .ssim = 1};

struct LossResult {
    double value = 0;
    at::Tensor gradient;  ///< [C,h,w], dtype of the image
};

/// image_loss() of the whole lattice, and the gradient of `scale` times it.
inline LossResult whole_loss(const at::Tensor& image, const PackedView& target, const Lattice& lattice,
                             const ImageLoss& loss, double scale = 1) {
    const at::Tensor leaf = image.detach().set_requires_grad(true);
    const at::Tensor value = image_loss(leaf, target, lattice, {0, lattice.height}, loss);
    value.mul(scale).backward();
    return {value.item<double>(), leaf.grad()};
}

/// The same summed over bands of `height` rows, the last may have fewer; gradients of float16 are added as float32.
inline LossResult banded_loss(const at::Tensor& image, const PackedView& target, const Lattice& lattice,
                              const ImageLoss& loss, std::int64_t height, double scale = 1) {
    LossResult sum{0, at::zeros(image.sizes())};
    for (std::int64_t first = 0; first < lattice.height; first += height) {
        const Rows band{first, std::min(height, lattice.height - first)};
        const Rows rows = loss_rows(lattice, band, loss);
        // A copy, so that other rows cannot be read.
        const at::Tensor leaf = image.narrow(1, rows.first, rows.count).clone().set_requires_grad(true);
        const at::Tensor value = image_loss(leaf, target, lattice, band, loss);
        value.mul(scale).backward();
        sum.value += value.item<double>();
        sum.gradient.narrow(1, rows.first, rows.count).add_(leaf.grad());
    }
    return sum;
}

}  // namespace gsfit
