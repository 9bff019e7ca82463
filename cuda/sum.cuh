#pragma once

#include <cstdint>

#include "cuda/simt.h"

namespace gsfit::gpu {

constexpr int warp_size = 32;
constexpr unsigned all_lanes = 0xffffffffU;

/// Sum over a block of `threads`, in one order; thread 0 has it.
template <int threads>
__device__ inline double block_sum(double value) {
    SIMT_SHARED(double, warp_sums, [threads / warp_size]);
    for (int apart = warp_size / 2; apart > 0; apart /= 2) value += __shfl_down_sync(all_lanes, value, apart);
    __syncthreads();  // the sums of a call before this one have been read
    if (threadIdx.x % warp_size == 0) warp_sums[threadIdx.x / warp_size] = value;
    __syncthreads();
    double sum = 0;
    if (threadIdx.x == 0) {
        for (const double warp_sum : warp_sums) sum += warp_sum;
    }
    return sum;
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
