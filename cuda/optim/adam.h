#pragma once

#include <cstdint>

#include "cuda/stream.h"
#include "optim/adam_kernels.h"

namespace gsfit::gpu {

/// Mixed precision without the host: gradients are divided by *scale, and when *skip is not 0 the step is skipped
/// and nothing changes. Null: gradients as they are, never skipped. In device memory.
struct ScaledGradients {
    const float* scale = nullptr;
    const float* skip = nullptr;
};

// whitened_adam_step() and plain_adam_step() for all `size` Gaussians.
void whitened_adam(const AdamArrays& arrays, const WhitenedStep& step, const ScaledGradients& scaled, std::int64_t size,
                   Stream stream);
void plain_adam(const AdamArrays& arrays, const PlainStep& step, const ScaledGradients& scaled, std::int64_t size,
                Stream stream);

}  // namespace gsfit::gpu
