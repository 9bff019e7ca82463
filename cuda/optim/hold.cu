#include "cuda/optim/hold.h"

#include "cuda/optim/hold_kernels.cuh"

namespace gsfit::gpu {

void hold(const HeldArrays& arrays, const float* skip, std::int64_t size, Stream stream) {
    constexpr int threads = 128;
    simt::launch(hold_parameters, grid_of(size, threads), dim3(threads), 0, stream, arrays, skip, size);
}

}  // namespace gsfit::gpu
