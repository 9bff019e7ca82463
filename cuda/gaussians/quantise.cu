#include "cuda/gaussians/quantise.h"

#include "cuda/gaussians/quantise_kernels.cuh"

namespace gsfit::gpu {

namespace {

constexpr int threads = 256;

}  // namespace

void quantise(const QuantisedTensors& tensors, OrderedExtent* extents, Stream stream) {
    std::int64_t most = 0;
    for (const QuantisedTensor& tensor : tensors.each) most = tensor.count > most ? tensor.count : most;
    dim3 grid = grid_of(most, threads * extent_numbers);
    grid.y = sizeof tensors.each / sizeof *tensors.each;
    simt::set_zero(extents, grid.y * sizeof *extents, stream);
    simt::launch(find_extents, grid, dim3(threads), 0, stream, tensors, extents);
    grid.x = grid_of(most, threads).x;
    simt::launch(round_to_levels, grid, dim3(threads), 0, stream, tensors, extents);
}

}  // namespace gsfit::gpu
