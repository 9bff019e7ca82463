#include "cuda/densify/densify.h"

#include <algorithm>
#include <cmath>

#include "cuda/densify/densify_kernels.cuh"

namespace gsfit::gpu {

namespace {

std::int64_t quotient_up(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

/// A grid of this many blocks.
dim3 grid_of(std::int64_t blocks) { return dim3(static_cast<unsigned>(blocks)); }

}  // namespace

void growth_weights(const Comparison& comparison, float* weights, Stream stream) {
    const std::int64_t samples = comparison.image.rows.count * comparison.lattice.width;
    simt::launch(weigh_residuals, grid_of(quotient_up(samples, weighing_threads)), dim3(weighing_threads), 0, stream,
                 comparison, samples, weights);
}

void add_gaussians(const PackedView& target, const Lattice& lattice, const std::int64_t* samples, const Growth& growth,
                   const FieldView& field, std::int64_t first, Stream stream) {
    const std::int64_t tap = std::max<std::int64_t>(1, std::llround(0.1 * growth.pitch));
    simt::launch(place_gaussians, grid_of(quotient_up(growth.count, placing_threads)), dim3(placing_threads), 0, stream,
                 target, lattice, samples, growth, tap, field, first);
}

void morton_codes(const float* position, std::int64_t size, std::uint32_t* codes, Stream stream) {
    simt::launch(encode, grid_of(quotient_up(size, coding_threads)), dim3(coding_threads), 0, stream, position, size,
                 codes);
}

}  // namespace gsfit::gpu
