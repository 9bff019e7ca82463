#pragma once

// Renders that miss their target, for tests of losses and metrics.

#include <ATen/ops/empty.h>

#include "gsfit/core/random.h"
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

}  // namespace gsfit
