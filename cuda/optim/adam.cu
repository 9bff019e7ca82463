#include "cuda/optim/adam.h"

#include "cuda/optim/adam_kernels.cuh"

namespace gsfit::gpu {

namespace {

constexpr int threads = 128;

}  // namespace

void whitened_adam(const AdamArrays& arrays, const WhitenedStep& step, const ScaledGradients& scaled, std::int64_t size,
                   Stream stream) {
    simt::launch(whitened, grid_of(size, threads), dim3(threads), 0, stream, arrays, step, scaled, size);
}

void plain_adam(const AdamArrays& arrays, const PlainStep& step, const ScaledGradients& scaled, std::int64_t size,
                Stream stream) {
    simt::launch(plain, grid_of(size, threads), dim3(threads), 0, stream, arrays, step, scaled, size);
}

}  // namespace gsfit::gpu
