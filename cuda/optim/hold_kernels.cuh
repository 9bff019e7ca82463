#pragma once

#include <cmath>

#include "cuda/grid.h"
#include "cuda/optim/hold.h"
#include "cuda/simt.h"

namespace gsfit::gpu {

__device__ inline void keep(float* numbers, const Bounds& bounds, std::int64_t i) {
    numbers[i] = fminf(fmaxf(numbers[i], bounds.least[i]), bounds.most[i]);
}

/// Scales both sigmas alike.
__device__ inline void keep_size(float* inv_scale, const float* bounds) {
    const float log = -0.5F * (log2f(inv_scale[0]) + log2f(inv_scale[1]));
    const float factor = exp2f(log - fminf(fmaxf(log, bounds[0]), bounds[1]));
    inv_scale[0] *= factor;
    inv_scale[1] *= factor;
}

__global__ void hold_parameters(HeldArrays arrays, const float* skip, std::int64_t size) {
    const std::int64_t i = thread_item();
    if (i >= size || (skip != nullptr && *skip != 0.0F)) return;
    keep_size(arrays.inv_scale + 2 * i, arrays.of_size + 2 * i);
    for (int k = 0; k < 2; ++k) {
        keep(arrays.position, arrays.of_position, 2 * i + k);
        keep(arrays.inv_scale, arrays.of_inv_scale, 2 * i + k);
    }
    keep(arrays.rotation, arrays.of_rotation, i);
    for (int c = 0; c < arrays.channels; ++c) keep(arrays.feature, arrays.of_feature, i * arrays.channels + c);
}

}  // namespace gsfit::gpu
