#pragma once

#include <cstdint>

#include "cuda/simt.h"

namespace gsfit::gpu {

/// The block's sum of `value`, in thread 0; always in one order. Every thread of a block of `threads` takes part.
template <int threads>
__device__ inline double block_sum(double value) {
    SIMT_SHARED(double, parts, [threads]);
    const int thread = static_cast<int>(threadIdx.x);
    parts[thread] = value;
    for (int half = threads / 2; half > 0; half /= 2) {
        __syncthreads();
        if (thread < half) parts[thread] += parts[thread + half];
    }
    return parts[0];
}

/// Sum of values[0 .. count) into values[0]; one block.
template <int threads>
__global__ void sum_in_order(double* values, std::int64_t count) {
    double sum = 0;
    for (std::int64_t i = threadIdx.x; i < count; i += threads) sum += values[i];
    sum = block_sum<threads>(sum);
    if (threadIdx.x == 0) values[0] = sum;
}

}  // namespace gsfit::gpu
