#pragma once

// The loss with SSIM of the lattice's blocks of 64 x 64 samples, and its gradient with respect to the image
// (src/raster/windows-inl.h). A block of threads compares a channel of one of them, which it keeps in shared memory: of
// each map the windows down the columns, then along the rows, and of each derivative the same way back.

#include <cmath>

#include "cuda/packed.cuh"
#include "cuda/raster/scene.cuh"
#include "cuda/ssim.cuh"
#include "cuda/sum.cuh"
#include "gsfit/core/ssim.h"

namespace gsfit::gpu {

constexpr int similarity_threads = 256;
constexpr int side = block_size;
constexpr int side_windows = side / ssim_window_step;
constexpr int thread_samples = side * side / similarity_threads;
constexpr int thread_windows = side_windows * side_windows / similarity_threads;
constexpr int thread_halves = side * side_windows / similarity_threads;  // samples of every second row

/// The rows of a lattice's block that lie in the band, the columns that lie in the lattice, counted from its first.
struct BlockPart {
    std::int64_t x, y;  ///< its first sample in the lattice
    int top, height, width;

    __device__ static BlockPart of(const TileGrid& grid) {
        const std::int64_t first_row = grid.rows.first;
        const std::int64_t end_row = first_row + grid.rows.count;
        const std::int64_t x = std::int64_t{blockIdx.x} * side;
        const std::int64_t y = (first_row / side + blockIdx.y) * side;
        return {x, y, y < first_row ? static_cast<int>(first_row - y) : 0,
                end_row - y < side ? static_cast<int>(end_row - y) : side,
                grid.width - x < side ? static_cast<int>(grid.width - x) : side};
    }
    __device__ bool has(int row, int column) const { return row >= top && row < height && column < width; }
    /// Place of a sample in a plane of the band.
    __device__ std::int64_t place(const TileGrid& grid, int row, int column) const {
        return (y + row - grid.rows.first) * grid.width + x + column;
    }
};

/// What the window around a row or column is divided by: 1 over its weights in [first, last), 0 where there is none.
__device__ inline float window_scale(int center, int first, int last) {
    float inside = 0.0F;
#pragma unroll
    for (int k = 0; k < taps; ++k) {
        const int at = center + k - halo;
        if (at >= first && at < last) inside += weight_of(k);
    }
    return center >= first && center < last ? 1.0F / inside : 0.0F;
}

/// What SSIM is made of, at one sample.
template <int map>
__device__ inline float map_at(float x, float difference) {
    if (map == map_x) return x;
    if (map == map_d) return difference;
    const float y = x - difference;
    return map == map_squares ? fmaf(x, x, y * y) : difference * difference;
}

/// Windows [side_windows] down or along a block, whose samples value(i) are 0 outside [0, side).
template <class Value>
__device__ inline float gather_window(int center, const Value& value) {
    float mean = 0.0F;
#pragma unroll
    for (int k = 0; k < taps; ++k) {
        const int at = center + k - halo;
        if (at >= 0 && at < side) mean = fmaf(weight_of(k), value(at), mean);
    }
    return mean;
}

/// The transpose: what a sample gets from the windows value(i), i in [0, side_windows).
template <class Value>
__device__ inline float spread_windows(int sample, const Value& value) {
    constexpr int reach = halo / ssim_window_step;
    const int nearest = sample / ssim_window_step;
    const bool between = sample % ssim_window_step != 0;
    float sum = 0.0F;
#pragma unroll
    for (int i = -reach; i <= reach + 1; ++i) {
        // The tap of a sample on a window's row, and of one in the row below it.
        const int on = halo - ssim_window_step * i;
        const float weight_on = on >= 0 && on < taps ? weight_of(on) : 0.0F;
        const float weight_below = on + 1 >= 0 && on + 1 < taps ? weight_of(on + 1) : 0.0F;
        const int window = nearest + i;
        if (window >= 0 && window < side_windows) sum = fmaf(between ? weight_below : weight_on, value(window), sum);
    }
    return sum;
}
static_assert(ssim_window_step == 2, "spread_windows() knows windows of every second row");

/// A channel of a block.
struct BlockSamples {
    float x[side][side];
    float d[side][side];  ///< x - y
};

/// The thread's windows of one map. All threads come here.
template <int map>
__device__ inline void gather_map(const BlockSamples& samples, float (&halves)[side_windows][side],
                                  float (&means)[map_count][thread_windows]) {
    const int thread = static_cast<int>(threadIdx.x);
    __syncthreads();  // the samples are there, and nobody reads the last map
#pragma unroll 1
    for (int n = 0; n < thread_halves; ++n) {
        const int row = (thread + n * similarity_threads) / side;
        const int column = thread % side;
        halves[row][column] = gather_window(
            row * ssim_window_step, [&](int at) { return map_at<map>(samples.x[at][column], samples.d[at][column]); });
    }
    __syncthreads();
#pragma unroll
    for (int n = 0; n < thread_windows; ++n) {
        const int row = (thread + n * similarity_threads) / side_windows;
        means[map][n] =
            gather_window(thread % side_windows * ssim_window_step, [&](int at) { return halves[row][at]; });
    }
}

/// A channel of the image's gradient in one block.
struct BlockGradient {
    BlockPart part;
    const TileGrid& grid;
    float* plane;  ///< of the band

    __device__ float& at(int row, int column) const { return plane[part.place(grid, row, column)]; }
};

/// Adds what the thread's samples get from one derivative of the windows, times `weight`. All threads come here.
template <int derivative>
__device__ inline void spread_derivative(const float (&derivatives)[derivative_count][thread_windows],
                                         const BlockSamples& samples, float (&by_window)[side_windows][side_windows],
                                         float (&halves)[side_windows][side], float weight,
                                         const BlockGradient& gradient) {
    const int thread = static_cast<int>(threadIdx.x);
    const int column = thread % side;
    __syncthreads();  // nobody reads the last derivative
#pragma unroll
    for (int n = 0; n < thread_windows; ++n) {
        by_window[(thread + n * similarity_threads) / side_windows][thread % side_windows] = derivatives[derivative][n];
    }
    __syncthreads();
#pragma unroll 1
    for (int n = 0; n < thread_halves; ++n) {
        const int row = (thread + n * similarity_threads) / side;
        halves[row][column] = spread_windows(column, [&](int at) { return by_window[row][at]; });
    }
    __syncthreads();
#pragma unroll 1
    for (int n = 0; n < thread_samples; ++n) {
        const int row = (thread + n * similarity_threads) / side;
        if (!gradient.part.has(row, column)) continue;
        const float sum = spread_windows(row, [&](int at) { return halves[at][column]; });
        const float by = derivative == by_x         ? 1.0F
                         : derivative == by_squares ? 2.0F * samples.x[row][column]
                                                    : 2.0F * samples.d[row][column];
        gradient.at(row, column) = fmaf(weight * by, sum, gradient.at(row, column));
    }
}

/// What a thread's samples add to the pixel losses.
struct ThreadErrors {
    float absolute = 0.0F;
    float square = 0.0F;
};

/// Reads the thread's samples; where `gradient` has a plane it gets that of the pixel losses.
__device__ inline ThreadErrors read_samples(const LossJob& loss, int channel, const float* drawn,
                                            const BlockGradient& gradient, BlockSamples& samples) {
    const int thread = static_cast<int>(threadIdx.x);
    const int column = thread % side;
    const BlockPart& part = gradient.part;
    const Lattice& lattice = loss.lattice;
    ThreadErrors errors;
#pragma unroll 1
    for (int n = 0; n < thread_samples; ++n) {
        const int row = (thread + n * similarity_threads) / side;
        float x = 0.0F;
        float difference = 0.0F;
        if (part.has(row, column)) {
            x = drawn[part.place(gradient.grid, row, column)];
            difference = x - target_value(loss.target, lattice.x + (part.x + column) * lattice.stride,
                                          lattice.y + (part.y + row) * lattice.stride, channel);
            const float sign = difference != 0.0F ? copysignf(loss.l1, difference) : 0.0F;
            if (gradient.plane != nullptr) gradient.at(row, column) = fmaf(2.0F * loss.l2, difference, sign);
        }
        samples.x[row][column] = x;
        samples.d[row][column] = difference;
        errors.absolute += fabsf(difference);
        errors.square = fmaf(difference, difference, errors.square);
    }
    return errors;
}

/// blockIdx.z is the channel. `drawn`: the band's image in float. Where `gradient` is not null it gets that of the
/// loss.
__global__ void __launch_bounds__(similarity_threads)
    compare_blocks(DrawJob job, const float* drawn, LossJob loss, float* gradient, double* sums_out) {
    SIMT_SHARED(BlockSamples, samples);
    SIMT_SHARED(float, halves, [side_windows][side]);
    SIMT_SHARED(float, by_window, [side_windows][side_windows]);
    const int thread = static_cast<int>(threadIdx.x);
    const auto channel = static_cast<int>(blockIdx.z);
    const std::int64_t plane = channel * job.grid.width * job.grid.rows.count;
    const BlockGradient out{BlockPart::of(job.grid), job.grid, gradient == nullptr ? nullptr : gradient + plane};
    const ThreadErrors errors = read_samples(loss, channel, drawn + plane, out, samples);
    float means[map_count][thread_windows];
    gather_map<map_x>(samples, halves, means);
    gather_map<map_d>(samples, halves, means);
    gather_map<map_squares>(samples, halves, means);
    gather_map<map_d2>(samples, halves, means);

    float derivatives[derivative_count][thread_windows];
    float dissimilarity = 0.0F;
    const float across = window_scale(thread % side_windows * ssim_window_step, 0, out.part.width);
#pragma unroll
    for (int n = 0; n < thread_windows; ++n) {
        const int row = (thread + n * similarity_threads) / side_windows;
        const float scale = across * window_scale(row * ssim_window_step, out.part.top, out.part.height);
        float scaled[map_count];
        float by[derivative_count];
        for (int m = 0; m < map_count; ++m) scaled[m] = scale * means[m][n];
        const Terms t = terms_of(scaled);
        dissimilarity += fmaf(-t.not_l, t.not_c, t.not_l + t.not_c);  // 1 - l c
        differentiate(t, by);
        for (int m = 0; m < derivative_count; ++m) derivatives[m][n] = scale * by[m];
    }
    if (gradient != nullptr) {
        spread_derivative<by_x>(derivatives, samples, by_window, halves, -loss.ssim, out);
        spread_derivative<by_squares>(derivatives, samples, by_window, halves, -loss.ssim, out);
        spread_derivative<by_d2>(derivatives, samples, by_window, halves, -loss.ssim, out);
    }
    const double sum = block_sum<similarity_threads>(static_cast<double>(loss.l1 * errors.absolute) +
                                                     static_cast<double>(loss.l2 * errors.square) +
                                                     static_cast<double>(loss.ssim * dissimilarity));
    if (thread == 0) {
        sums_out[(std::int64_t{blockIdx.z} * gridDim.y + blockIdx.y) * gridDim.x + blockIdx.x] = sum;
    }
}

}  // namespace gsfit::gpu
