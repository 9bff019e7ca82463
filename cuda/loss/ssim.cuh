#pragma once

// The window is moved over the rows in shared memory and down the columns in registers.

#include "cuda/loss/strips.cuh"
#include "cuda/simt.h"
#include "cuda/ssim.cuh"
#include "loss/kernels.h"

namespace gsfit::gpu {

static_assert(halo == ssim_halo);

/// The column around which a thread moves the window: its own, but at the ends of a strip, where the window would leave
/// shared memory and nothing comes of the result, one further inside.
__device__ inline int window_column() {
    const int thread = static_cast<int>(threadIdx.x);
    return thread < halo ? halo : thread >= strip_threads - halo ? strip_threads - halo - 1 : thread;
}

/// `count` windows that move down a column. A row is added to the sums of all the windows that it is in, so none of the
/// 11 rows has to be kept.
template <int count>
class MovingWindow {
public:
    /// Replaces the values of the next row by the windows of which it is the last.
    __device__ void push(float (&values)[count]) {
#pragma unroll
        for (int m = 0; m < count; ++m) {
            const float value = values[m];
            values[m] = fmaf(weight_of(taps - 1), value, sums_[m][0]);
#pragma unroll
            for (int k = 1; k < taps - 1; ++k) sums_[m][k - 1] = fmaf(weight_of(taps - 1 - k), value, sums_[m][k]);
            sums_[m][taps - 2] = weight_of(0) * value;
        }
    }

private:
    float sums_[count][taps - 1] = {};
};

/// The window over 11 values of a row.
__device__ inline float filter(const float* values) {
    float mean = 0.0F;
#pragma unroll
    for (int k = 0; k < taps; ++k) mean = fmaf(weight_of(k), values[k], mean);
    return mean;
}

/// The same of what SSIM is made of, from both images' values.
__device__ inline void filter_maps(const float* x, const float* y, float (&means)[map_count]) {
    for (float& mean : means) mean = 0.0F;
#pragma unroll
    for (int k = 0; k < taps; ++k) {
        const float difference = x[k] - y[k];
        means[map_x] = fmaf(weight_of(k), x[k], means[map_x]);
        means[map_d] = fmaf(weight_of(k), difference, means[map_d]);
        means[map_squares] = fmaf(weight_of(k), fmaf(x[k], x[k], y[k] * y[k]), means[map_squares]);
        means[map_d2] = fmaf(weight_of(k), difference * difference, means[map_d2]);
    }
}

}  // namespace gsfit::gpu
