#pragma once

// The gradient of the loss: L1, L2 and SSIM are written at once.

#include "cuda/loss/ssim.cuh"
#include "cuda/loss/strips.cuh"
#include "cuda/simt.h"

namespace gsfit::gpu {

__device__ inline float error_slope(const Factors& factors, float difference) {
    const float sign = difference == 0.0F ? 0.0F : copysignf(1.0F, difference);
    return fmaf(2.0F * factors.squared, difference, factors.absolute * sign);
}

__device__ inline bool is_in(const Rows& rows, std::int64_t row) {
    return row >= rows.first && row < rows.first + rows.count;
}

__device__ inline void write(const Planar<std::byte>& gradient, int channel, std::int64_t row, std::int64_t column,
                             float value) {
    const std::int64_t at =
        channel * gradient.channel_stride + (row - gradient.rows.first) * gradient.row_stride + column;
    if (gradient.half) {
        simt::store_half(value, reinterpret_cast<std::uint16_t*>(gradient.data) + at);
    } else {
        reinterpret_cast<float*>(gradient.data)[at] = value;
    }
}

/// The gradient without SSIM.
__global__ void __launch_bounds__(strip_threads)
    write_error_slopes(Comparison comparison, Rows band, Strips strips, Factors factors, const float* loss_scale,
                       Planar<std::byte> gradient) {
    const auto channel = static_cast<int>(blockIdx.y);
    const Place place = place_of_thread(strips, gradient.rows, comparison.lattice.width);
    if (!place.inside) return;
    const float scale = loss_scale != nullptr ? *loss_scale : 1.0F;
    ColumnReader reader(comparison, channel, place.first, place.column);
#pragma unroll 4
    for (std::int64_t row = place.first; row < place.end; ++row, reader.move_down()) {
        const Sample sample = reader.read();
        const float slope = is_in(band, row) ? error_slope(factors, sample.image - sample.target) : 0.0F;
        write(gradient, channel, row, place.column, scale * slope);
    }
}

/// The gradient with SSIM. A sample's gradient gathers the derivatives of 11 x 11 samples around it, and each of those
/// needs the means around itself, 5 samples further. So of the row that comes in at the bottom the means are those of
/// 5 rows above; their derivatives go through shared memory with the next row, and complete the gradient 5 rows above
/// them: 11 rows above what comes in then.
__global__ void __launch_bounds__(strip_threads, 4)
    write_slopes(Comparison comparison, Rows band, Strips strips, Factors factors, const float* loss_scale,
                 Planar<std::byte> gradient) {
    SIMT_SHARED(float, x, [2][strip_threads]);  // two rows in turn: one is written while the other is read
    SIMT_SHARED(float, y, [2][strip_threads]);
    SIMT_SHARED(float, slopes, [2][derivative_count][strip_threads]);
    constexpr int behind = taps;
    const auto channel = static_cast<int>(blockIdx.y);
    const Place place = place_of_thread(strips, gradient.rows, comparison.lattice.width);
    const bool in_lattice = place.column >= 0 && place.column < comparison.lattice.width;
    const float scale = loss_scale != nullptr ? *loss_scale : 1.0F;
    const int left = window_column() - halo;
    ColumnReader reader(comparison, channel, place.first - 2 * halo, place.column);
    Sample sample = reader.read();
    MovingWindow<map_count> map_window;
    MovingWindow<derivative_count> slope_window;
    float derivatives[derivative_count] = {};
    for (std::int64_t row = place.first - 2 * halo; row < place.end + behind; ++row) {
        const int turn = static_cast<int>(row & 1);
        x[turn][threadIdx.x] = sample.image;
        y[turn][threadIdx.x] = sample.target;
        for (int m = 0; m < derivative_count; ++m) slopes[turn][m][threadIdx.x] = derivatives[m];
        const Sample finished = reader.read(behind);
        reader.move_down();
        sample = reader.read();
        __syncthreads();

        float gathered[derivative_count];
        for (int m = 0; m < derivative_count; ++m) gathered[m] = filter(slopes[turn][m] + left);
        slope_window.push(gathered);
        float means[map_count];
        filter_maps(x[turn] + left, y[turn] + left, means);
        map_window.push(means);
        differentiate(terms_of(means), derivatives);
        if (!in_lattice || !is_in(band, row - halo)) {
            for (float& derivative : derivatives) derivative = 0.0F;
        }

        const std::int64_t out = row - behind;
        if (out < place.first || !place.inside) continue;
        const float difference = finished.image - finished.target;
        const float half = fmaf(finished.image, gathered[by_squares], difference * gathered[by_d2]);
        const float similarity = fmaf(2.0F, half, gathered[by_x]);
        const float slope = is_in(band, out) ? error_slope(factors, difference) : 0.0F;
        write(gradient, channel, out, place.column, scale * fmaf(-factors.dissimilarity, similarity, slope));
    }
}

}  // namespace gsfit::gpu
