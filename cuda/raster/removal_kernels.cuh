#pragma once

// What each splat is worth: a block of threads gathers, over the samples that see a splat or over a part of their rows,
// by how much the squared error would grow without it (src/raster/removal_kernels.cpp has the formula).

#include "cuda/packed.cuh"
#include "cuda/raster/gather_kernels.cuh"
#include "cuda/sum.cuh"

namespace gsfit::gpu {

/// Of one row of the band.
__device__ inline float removal_cost_of_row(const DrawJob& job, const TileSplat& line, const float* feature,
                                            std::int64_t row, const Planes& drawn, const LossJob& against) {
    const float dy = static_cast<float>(job.grid.rows.first + row) + 0.5F - line.y;
    const Columns columns = columns_of(job.grid, line, dy);
    const std::int64_t plane = job.grid.width * job.grid.rows.count;
    const Lattice& lattice = against.lattice;
    const int lane_column = static_cast<int>(threadIdx.x) % patch_columns;
    float cost = 0.0F;
    for (int column = columns.first + lane_column; column <= columns.last; column += patch_columns) {
        const std::int64_t place = row * job.grid.width + column;
        const float dx = static_cast<float>(column) + 0.5F - line.x;
        const float weight = weight_at(line.qa, line.qb, line.qc, dx, dy, job.smallest_weight);
        if (weight == 0.0F) continue;
        const float q = job.normalise ? weight / fmaxf(drawn.normaliser[place] - weight, job.eps) : weight;
        const std::byte* pixel = target_pixel(against.target, lattice.x + column * lattice.stride,
                                              lattice.y + (job.grid.rows.first + row) * lattice.stride);
        for (int c = 0; c < job.channels; ++c) {
            const float out = load(drawn.image, c * plane + place);
            const float change = q * ((job.normalise ? out : 0.0F) - feature[c]);
            const float difference = out - target_value(against.target, pixel, c);
            cost = fmaf(change, change + 2.0F * difference, cost);
        }
    }
    return cost;
}

/// Block (splat, part) -> partial[part][splat].
__global__ void __launch_bounds__(gather_threads)
    gather_removal_costs(DrawJob job, Planes drawn, LossJob against, std::int64_t splats, float* partial) {
    const std::int64_t splat = blockIdx.x;
    const TileSplat line = job.lists.lines[splat];
    const GatherRows rows = rows_of(job.grid, line);
    constexpr std::int64_t block_rows = gather_warps * patch_rows;
    const int warp = static_cast<int>(threadIdx.x) / 32;
    const int lane = static_cast<int>(threadIdx.x) % 32;
    float cost = 0.0F;
    std::int64_t row = rows.first + blockIdx.y * block_rows + warp * patch_rows + lane / patch_columns;
    for (; row <= rows.last; row += gridDim.y * block_rows) {
        cost += removal_cost_of_row(job, line, job.feature + splat * job.channels, row, drawn, against);
    }
    const double sum = block_sum<gather_threads>(static_cast<double>(cost));
    if (threadIdx.x == 0) partial[blockIdx.y * splats + splat] = static_cast<float>(sum);
}

__global__ void add_removal_costs(std::int64_t splats, const float* partial, int parts, float* costs) {
    const std::int64_t i = thread_item();
    if (i >= splats) return;
    float sum = 0.0F;
    for (int part = 0; part < parts; ++part) sum += partial[part * splats + i];
    costs[i] = sum;
}

}  // namespace gsfit::gpu
