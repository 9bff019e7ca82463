#include "cuda/optim/whitened_adam.h"

#include "cuda/optim/whitened_adam_kernels.cuh"

namespace gsfit::gpu {

void whitened_adam(const AdamArrays& arrays, const AdamStep& step, const ScaledGradients& scaled, std::int64_t size,
                   Stream stream) {
    constexpr int threads = 128;
    simt::launch(adam, grid_of(size, threads), dim3(threads), 0, stream, arrays, step, scaled, size);
}

}  // namespace gsfit::gpu
