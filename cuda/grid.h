#pragma once

#include <cstdint>

#include "cuda/simt.h"

namespace gsfit::gpu {

/// Blocks of `threads` threads that give each item a thread.
inline dim3 grid_of(std::int64_t items, int threads) {
    return dim3(static_cast<unsigned>((items + threads - 1) / threads));
}

/// The item of this thread; several threads beyond the last item have none.
__device__ inline std::int64_t thread_item() {
    return static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
}

}  // namespace gsfit::gpu
