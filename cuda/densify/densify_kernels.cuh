#pragma once

#include <cmath>
#include <cstdint>

#include "cuda/densify/densify.h"
#include "cuda/packed.cuh"
#include "cuda/simt.h"
#include "gsfit/core/places.h"

namespace gsfit::gpu {

template <class T>
__device__ T clamp(T value, T least, T most) {
    return value < least ? least : value > most ? most : value;
}

constexpr int weighing_threads = 256;

/// A thread weighs a sample.
__global__ void __launch_bounds__(weighing_threads)
    weigh_residuals(Comparison comparison, std::int64_t samples, float* weights) {
    const std::int64_t sample = static_cast<std::int64_t>(blockIdx.x) * weighing_threads + threadIdx.x;
    if (sample >= samples) return;
    const Planar<const std::byte>& image = comparison.image;
    const Lattice& lattice = comparison.lattice;
    const PackedView& target = comparison.target;
    const std::int64_t row = sample / lattice.width;
    const std::int64_t column = sample % lattice.width;
    const std::byte* pixel = target_pixel(target, lattice.x + column * lattice.stride,
                                          lattice.y + (image.rows.first + row) * lattice.stride);
    std::int64_t value = row * image.row_stride + column;
    float squares = 0.0F;
    for (int c = 0; c < target.channels; ++c, value += image.channel_stride) {
        const float rendered = image.half ? simt::load_half(reinterpret_cast<const std::uint16_t*>(image.data) + value)
                                          : reinterpret_cast<const float*>(image.data)[value];
        const float residual = target_value(target, pixel, c) - rendered;
        squares += residual * residual;
    }
    weights[sample] = growth_weight(squares);
}

/// Mean over channels at a pixel, the nearest one inside for a pixel outside.
__device__ inline float luma(const PackedView& image, std::int64_t x, std::int64_t y) {
    const std::byte* pixel =
        target_pixel(image, clamp(x, std::int64_t{0}, image.width - 1), clamp(y, std::int64_t{0}, image.height - 1));
    float sum = 0.0F;
    for (int c = 0; c < image.channels; ++c) sum += target_value(image, pixel, c);
    return sum / static_cast<float>(image.channels);
}

/// Direction of the gradient around a pixel, and how sure it is.
struct Edge {
    float angle;      // [radians]
    float coherence;  // 0 (none) to 1
};

/// From the structure tensor over 5 x 5 taps.
__device__ inline Edge edge_at(const PackedView& image, std::int64_t x, std::int64_t y, std::int64_t tap) {
    float xx = 0.0F;
    float xy = 0.0F;
    float yy = 0.0F;
    for (int j = -2; j <= 2; ++j) {
        for (int i = -2; i <= 2; ++i) {
            const std::int64_t px = x + i * tap;
            const std::int64_t py = y + j * tap;
            const float gx = luma(image, px + tap, py) - luma(image, px - tap, py);
            const float gy = luma(image, px, py + tap) - luma(image, px, py - tap);
            const float weight = expf(static_cast<float>(-(i * i + j * j)) / 4.0F);
            xx += weight * gx * gx;
            xy += weight * gx * gy;
            yy += weight * gy * gy;
        }
    }
    const float difference = sqrtf((xx - yy) * (xx - yy) + 4.0F * xy * xy);
    return {0.5F * atan2f(2.0F * xy, xx - yy), difference / (xx + yy + 1e-4F)};
}

constexpr int placing_threads = 64;

__global__ void __launch_bounds__(placing_threads)
    place_gaussians(PackedView target, Lattice lattice, const std::int64_t* samples, Growth growth, std::int64_t tap,
                    FieldView field, std::int64_t first) {
    const std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * placing_threads + threadIdx.x;
    if (i >= growth.count) return;
    const std::int64_t sample = samples[i];
    const std::int64_t x = lattice.x + sample % lattice.width * lattice.stride;
    const std::int64_t y = lattice.y + sample / lattice.width * lattice.stride;
    const Edge edge = edge_at(target, x, y, tap);
    const float stretch = expf(0.6F * edge.coherence * edge.coherence);
    const std::int64_t row = first + i;
    field.position[2 * row] = static_cast<float>((static_cast<double>(x) + 0.5) / static_cast<double>(target.width));
    field.position[2 * row + 1] =
        static_cast<float>((static_cast<double>(y) + 0.5) / static_cast<double>(target.height));
    field.inv_scale[2 * row] = stretch / growth.sigma;
    field.inv_scale[2 * row + 1] = 1.0F / (stretch * growth.sigma);
    field.rotation[row] = edge.angle;
    const std::byte* pixel = target_pixel(target, x, y);
    for (int c = 0; c < target.channels; ++c) {
        field.feature[row * target.channels + c] = target_value(target, pixel, c);
    }
}

constexpr int coding_threads = 256;

__global__ void __launch_bounds__(coding_threads)
    encode(const float* position, std::int64_t size, std::uint32_t* codes) {
    const std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * coding_threads + threadIdx.x;
    if (i < size) codes[i] = morton_code(position[2 * i], position[2 * i + 1]);
}

}  // namespace gsfit::gpu
