#include "cuda/project/project.h"

#include "cuda/project/project_kernels.cuh"

namespace gsfit::gpu {

namespace {

constexpr int threads = 256;

}  // namespace

void project_forward(const ProjectForward& arrays, const Projection& projection, std::int64_t size, Stream stream) {
    simt::launch(forward, grid_of(size, threads), dim3(threads), 0, stream, arrays, projection, size);
}

void project_backward(const ProjectBackward& arrays, const Projection& projection, std::int64_t size, Stream stream) {
    simt::launch(backward, grid_of(size, threads), dim3(threads), 0, stream, arrays, projection, size);
}

}  // namespace gsfit::gpu
