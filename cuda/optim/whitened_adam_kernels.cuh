#pragma once

#include <climits>
#include <cmath>

#include "cuda/grid.h"
#include "cuda/optim/whitened_adam.h"
#include "cuda/simt.h"
#include "cuda/turn.cuh"
#include "optim/adam_constants.h"

namespace gsfit::gpu {

/// Adam's memory of one Gaussian.
struct Memory {
    float* first;
    float* second;
    float correction1, correction2;  ///< 1 - beta^age
    float gradient_scale;

    /// Updates the moments of column k with its whitened gradient; returns the step's direction.
    __device__ float direction(int k, float gradient) const {
        gradient *= gradient_scale;
        if (!isfinite(gradient)) gradient = 0.0F;
        first[k] = fmaf(1.0F - beta1, gradient, beta1 * first[k]);
        second[k] = fmaf((1.0F - beta2) * gradient, gradient, beta2 * second[k]);
        return first[k] / (correction1 * (sqrtf(second[k] / correction2) + adam_eps));
    }
};

__device__ inline Memory remember(const AdamArrays& arrays, std::int64_t i, float gradient_scale) {
    if (arrays.age[i] < INT_MAX) ++arrays.age[i];
    const auto age = static_cast<float>(arrays.age[i]);
    const std::int64_t columns = 5 + arrays.channels;
    return {arrays.first + i * columns, arrays.second + i * columns, -expm1f(age * logf(beta1)),
            -expm1f(age * logf(beta2)), gradient_scale};
}

__device__ inline float bounded(float x, float low, float high) { return fminf(fmaxf(x, low), high); }

__device__ inline void step_geometry(const AdamArrays& arrays, const AdamStep& step, std::int64_t i,
                                     const Memory& memory) {
    const float u = arrays.inv_scale[2 * i];
    const float v = arrays.inv_scale[2 * i + 1];
    const auto [cosine, sine] = turn_by(arrays.rotation[i]);
    const float anisotropy = fmaxf(least_anisotropy, fabsf(u / v - v / u));
    const float gx = arrays.grad_position[2 * i] / step.width;
    const float gy = arrays.grad_position[2 * i + 1] / step.height;
    const float along_u = memory.direction(0, fmaf(cosine, gx, sine * gy) / u);
    const float along_v = memory.direction(1, fmaf(-sine, gx, cosine * gy) / v);
    const float log_u = memory.direction(2, arrays.grad_inv_scale[2 * i] * u);
    const float log_v = memory.direction(3, arrays.grad_inv_scale[2 * i + 1] * v);
    const float turn = memory.direction(4, arrays.grad_rotation[i] / anisotropy);
    const float du = step.position * along_u / u;
    const float dv = step.position * along_v / v;
    const float x = arrays.position[2 * i] - fmaf(-sine, dv, cosine * du) / step.width;
    const float y = arrays.position[2 * i + 1] - fmaf(cosine, dv, sine * du) / step.height;
    arrays.position[2 * i] = bounded(x, least_position, most_position);
    arrays.position[2 * i + 1] = bounded(y, least_position, most_position);
    arrays.inv_scale[2 * i] = bounded(u * expf(-step.scale * log_u), step.inv_scale_min, step.inv_scale_max);
    arrays.inv_scale[2 * i + 1] = bounded(v * expf(-step.scale * log_v), step.inv_scale_min, step.inv_scale_max);
    arrays.rotation[i] -= step.rotation * turn / anisotropy;
}

__global__ void adam(AdamArrays arrays, AdamStep step, ScaledGradients scaled, std::int64_t size) {
    const std::int64_t i = thread_item();
    if (i >= size || (scaled.found_inf != nullptr && *scaled.found_inf != 0.0F)) return;
    const Memory memory = remember(arrays, i, scaled.scale == nullptr ? 1.0F : 1.0F / *scaled.scale);
    step_geometry(arrays, step, i, memory);
    for (int c = 0; c < arrays.channels; ++c) {
        const std::int64_t place = i * arrays.channels + c;
        arrays.feature[place] =
            fmaf(-step.feature, memory.direction(5 + c, arrays.grad_feature[place]), arrays.feature[place]);
    }
}

}  // namespace gsfit::gpu
