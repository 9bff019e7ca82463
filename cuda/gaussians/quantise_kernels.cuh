#pragma once

#include <cmath>

#include "cuda/gaussians/quantise.h"
#include "cuda/grid.h"
#include "cuda/simt.h"
#include "cuda/sum.cuh"
#include "gsfit/core/levels.h"

namespace gsfit::gpu {

/// The order of floats, -0 below 0, as that of integers; 0 is none's that is finite.
__device__ inline unsigned ordered(float x) {
    const unsigned bits = __float_as_uint(x);
    return bits >> 31 != 0 ? ~bits : bits | 0x80000000U;
}

__device__ inline float number_of(unsigned ordered) {
    return __uint_as_float(ordered >> 31 != 0 ? ordered & 0x7fffffffU : ~ordered);
}

__device__ inline unsigned warp_max(unsigned value) {
    for (int apart = warp_size / 2; apart > 0; apart /= 2)
        value = max(value, __shfl_down_sync(all_lanes, value, apart));
    return value;
}

/// Several numbers a thread, so that few atomics meet.
constexpr int extent_numbers = 16;

/// Blocks of row y of the grid go over tensor y.
__global__ void find_extents(const __grid_constant__ QuantisedTensors tensors, OrderedExtent* extents) {
    const QuantisedTensor& tensor = tensors.each[blockIdx.y];
    const std::int64_t apart = static_cast<std::int64_t>(gridDim.x) * blockDim.x;
    OrderedExtent found{0, 0};
    for (std::int64_t i = thread_item(); i < tensor.count; i += apart) {
        const float x = inverted_if(tensor.inverse, tensor.from[i]);
        if (!isfinite(x)) continue;
        found = {max(found.below, ~ordered(x)), max(found.high, ordered(x))};
    }
    found = {warp_max(found.below), warp_max(found.high)};
    if (threadIdx.x % warp_size != 0 || found.high == 0) return;
    atomicMax(&extents[blockIdx.y].below, found.below);
    atomicMax(&extents[blockIdx.y].high, found.high);
}

__global__ void round_to_levels(const __grid_constant__ QuantisedTensors tensors, const OrderedExtent* extents) {
    const QuantisedTensor& tensor = tensors.each[blockIdx.y];
    const std::int64_t i = thread_item();
    if (i >= tensor.count) return;
    const OrderedExtent extent = extents[blockIdx.y];
    const Levels levels = levels_between(number_of(~extent.below), number_of(extent.high), tensor.bits);
    float x = inverted_if(tensor.inverse, tensor.from[i]);
    if (isfinite(x)) x = level(levels, code_of(levels, x));
    tensor.to[i] = inverted_if(tensor.inverse, x);
}

}  // namespace gsfit::gpu
