#pragma once

// Sums over the samples of a band: a partial one for every strip, then all of those in a fixed order.

#include "cuda/loss/ssim.cuh"
#include "cuda/loss/strips.cuh"
#include "cuda/simt.h"
#include "cuda/sum.cuh"

namespace gsfit::gpu {

/// Where a strip's partial sum goes.
__device__ inline std::int64_t strip_number() { return static_cast<std::int64_t>(blockIdx.y) * gridDim.x + blockIdx.x; }

__global__ void __launch_bounds__(strip_threads)
    sum_errors(Comparison comparison, Rows band, Strips strips, double* absolute_parts, double* squared_parts) {
    const Place place = place_of_thread(strips, band, comparison.lattice.width);
    ColumnReader reader(comparison, static_cast<int>(blockIdx.y), place.first, place.column);
    float absolute = 0.0F;
    float squared = 0.0F;
#pragma unroll 4
    for (std::int64_t row = place.first; row < place.end; ++row, reader.move_down()) {
        const Sample sample = reader.read();
        const float difference = sample.image - sample.target;
        absolute += fabsf(difference);
        squared = fmaf(difference, difference, squared);
    }
    const double absolute_part = block_sum<strip_threads>(absolute);
    const double squared_part = block_sum<strip_threads>(squared);
    if (threadIdx.x != 0) return;
    absolute_parts[strip_number()] = absolute_part;
    squared_parts[strip_number()] = squared_part;
}

__global__ void __launch_bounds__(strip_threads)
    sum_dissimilarity(Comparison comparison, Rows band, Strips strips, double* parts) {
    SIMT_SHARED(float, x, [2][strip_threads]);  // two rows in turn: one is written while the other is read
    SIMT_SHARED(float, y, [2][strip_threads]);
    const Place place = place_of_thread(strips, band, comparison.lattice.width);
    ColumnReader reader(comparison, static_cast<int>(blockIdx.y), place.first - halo, place.column);
    Sample sample = reader.read();
    MovingWindow<map_count> window;
    float sum = 0.0F;
    for (std::int64_t row = place.first - halo; row < place.end + halo; ++row) {
        const int turn = static_cast<int>(row & 1);
        x[turn][threadIdx.x] = sample.image;
        y[turn][threadIdx.x] = sample.target;
        reader.move_down();
        sample = reader.read();
        __syncthreads();
        float means[map_count];
        const int left = window_column() - halo;
        filter_maps(x[turn] + left, y[turn] + left, means);
        window.push(means);
        if (row - halo < place.first || !place.inside) continue;
        const Terms t = terms_of(means);
        sum += fmaf(-t.not_l, t.not_c, t.not_l + t.not_c);  // 1 - l c
    }
    const double part = block_sum<strip_threads>(sum);
    if (threadIdx.x == 0) parts[strip_number()] = part;
}

constexpr int adding_threads = 512;

/// Adds `count` partial sums to sums[0], the `count` after them to sums[1] and so on, a block each.
__global__ void __launch_bounds__(adding_threads) add_parts(const double* parts, std::int64_t count, double* sums) {
    double sum = 0;
    for (std::int64_t i = threadIdx.x; i < count; i += adding_threads) sum += parts[blockIdx.x * count + i];
    sum = block_sum<adding_threads>(sum);
    if (threadIdx.x == 0) sums[blockIdx.x] += sum;
}

}  // namespace gsfit::gpu
