#pragma once

#include <climits>
#include <cmath>

#include "cuda/grid.h"
#include "cuda/optim/adam.h"
#include "cuda/simt.h"
#include "cuda/turn.cuh"
#include "optim/adam_constants.h"

namespace gsfit::gpu {

struct Betas {
    float first, second, eps;
};

/// A step's direction, and what it was divided by to have one: 1 / the gradients' spread.
struct Direction {
    float way, inverse_spread;
};

/// Adam's memory of one Gaussian.
struct Memory {
    Betas beta;
    float* first;
    float* second;
    float correction1, correction2;  ///< 1 - beta^age
    float gradient_scale;

    /// What counts of a gradient.
    __device__ float counted(float gradient) const {
        gradient *= gradient_scale;
        return isfinite(gradient) ? gradient : 0.0F;
    }

    /// Updates the moments of column k with its counted gradient.
    __device__ Direction update(int k, float gradient) const {
        first[k] = fmaf(1.0F - beta.first, gradient, beta.first * first[k]);
        second[k] = fmaf((1.0F - beta.second) * gradient, gradient, beta.second * second[k]);
        const float inverse_spread = 1.0F / (sqrtf(second[k] / correction2) + beta.eps);
        return {first[k] / correction1 * inverse_spread, inverse_spread};
    }

    __device__ float direction(int k, float gradient) const { return update(k, counted(gradient)).way; }
};

/// Counts the step.
__device__ inline Memory remember(const AdamArrays& arrays, std::int64_t i, const Betas& beta,
                                  const ScaledGradients& scaled) {
    if (arrays.age[i] < INT_MAX) ++arrays.age[i];
    const auto age = static_cast<float>(arrays.age[i]);
    const std::int64_t columns = 5 + arrays.channels;
    return {beta,
            arrays.first + i * columns,
            arrays.second + i * columns,
            -expm1f(age * logf(beta.first)),
            -expm1f(age * logf(beta.second)),
            scaled.scale == nullptr ? 1.0F : 1.0F / *scaled.scale};
}

__device__ inline float bounded(float x, float low, float high) { return fminf(fmaxf(x, low), high); }

/// geometry_directions() of the CPU: ways from counted gradients.
__device__ inline void geometry_directions(const Memory& memory, const float* gradients, float* products, float shrunk,
                                           float* ways) {
    constexpr float coefficients[] = {inverse_root[0], inverse_root[1], inverse_root[2], inverse_root[3],
                                      inverse_root[4]};
    constexpr int degree = sizeof(coefficients) / sizeof(float) - 1;
    Direction directions[geometry];
#pragma unroll
    for (int k = 0; k < geometry; ++k) directions[k] = memory.update(k, gradients[k]);
    float correlations[geometry][geometry];
    int pair = 0;
#pragma unroll
    for (int i = 0; i < geometry; ++i) {
#pragma unroll
        for (int j = i + 1; j < geometry; ++j, ++pair) {
            const float kept = memory.beta.second * products[pair];
            products[pair] = fmaf((1.0F - memory.beta.second) * gradients[i], gradients[j], kept);
            const float scaled = products[pair] * directions[i].inverse_spread * (shrunk / memory.correction2);
            correlations[i][j] = correlations[j][i] = scaled * directions[j].inverse_spread;
        }
    }
#pragma unroll
    for (int i = 0; i < geometry; ++i) ways[i] = coefficients[degree] * directions[i].way;
#pragma unroll
    for (int power = degree - 1; power >= 0; --power) {
        float sums[geometry];
#pragma unroll
        for (int i = 0; i < geometry; ++i) {
            sums[i] = fmaf(coefficients[power], directions[i].way, ways[i]);
#pragma unroll
            for (int j = 0; j < geometry; ++j) {
                if (j != i) sums[i] = fmaf(correlations[i][j], ways[j], sums[i]);
            }
        }
#pragma unroll
        for (int i = 0; i < geometry; ++i) ways[i] = sums[i];
    }
}

__device__ inline void step_geometry(const AdamArrays& arrays, const WhitenedStep& step, std::int64_t i,
                                     const Memory& memory) {
    const float u = arrays.inv_scale[2 * i];
    const float v = arrays.inv_scale[2 * i + 1];
    const auto [cosine, sine] = turn_by(arrays.rotation[i]);
    const float anisotropy = fmaxf(least_anisotropy, fabsf(u / v - v / u));
    const float gx = arrays.grad_position[2 * i] / step.width;
    const float gy = arrays.grad_position[2 * i + 1] / step.height;
    const float gradients[geometry] = {
        memory.counted(fmaf(cosine, gx, sine * gy) / u), memory.counted(fmaf(-sine, gx, cosine * gy) / v),
        memory.counted(arrays.grad_inv_scale[2 * i] * u), memory.counted(arrays.grad_inv_scale[2 * i + 1] * v),
        memory.counted(arrays.grad_rotation[i] / anisotropy)};
    const float shrunk = 1.0F - fmaxf(step.shrinkage, 1.0F / static_cast<float>(arrays.age[i]));
    float ways[geometry];
    geometry_directions(memory, gradients, arrays.products + geometry_pairs * i, shrunk, ways);
    const auto [along_u, along_v, log_u, log_v, turn] = ways;
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

__device__ inline void step_feature(const AdamArrays& arrays, float rate, std::int64_t i, const Memory& memory) {
    for (int c = 0; c < arrays.channels; ++c) {
        const std::int64_t place = i * arrays.channels + c;
        arrays.feature[place] = fmaf(-rate, memory.direction(5 + c, arrays.grad_feature[place]), arrays.feature[place]);
    }
}

__device__ inline bool is_skipped(const ScaledGradients& scaled) {
    return scaled.skip != nullptr && *scaled.skip != 0.0F;
}

__global__ void whitened(AdamArrays arrays, WhitenedStep step, ScaledGradients scaled, std::int64_t size) {
    const std::int64_t i = thread_item();
    if (i >= size || is_skipped(scaled)) return;
    const Memory memory = remember(arrays, i, {step.beta1, step.beta2, adam_eps}, scaled);
    step_geometry(arrays, step, i, memory);
    step_feature(arrays, step.feature, i, memory);
}

/// stepped_scale() of the CPU.
__device__ inline float stepped_scale(float u, float gradient, int k, const PlainStep& step, const Memory& memory) {
    const float stepped = step.of_sigma ? 1.0F / fmaf(-step.scale, memory.direction(k, -gradient * u * u), 1.0F / u)
                                        : fmaf(-step.scale, memory.direction(k, gradient), u);
    if (!(stepped > 0)) return step.of_sigma ? most_inv_scale : least_inv_scale;
    return bounded(stepped, least_inv_scale, most_inv_scale);
}

__global__ void plain(AdamArrays arrays, PlainStep step, ScaledGradients scaled, std::int64_t size) {
    const std::int64_t i = thread_item();
    if (i >= size || is_skipped(scaled)) return;
    const Memory memory = remember(arrays, i, {plain_beta1, plain_beta2, plain_eps}, scaled);
    for (int k = 0; k < 2; ++k) {
        arrays.position[2 * i + k] -= step.position * memory.direction(k, arrays.grad_position[2 * i + k]);
        float& u = arrays.inv_scale[2 * i + k];
        u = stepped_scale(u, arrays.grad_inv_scale[2 * i + k], 2 + k, step, memory);
    }
    arrays.rotation[i] -= step.rotation * memory.direction(4, arrays.grad_rotation[i]);
    step_feature(arrays, step.feature, i, memory);
}

}  // namespace gsfit::gpu
