#include "cuda/raster/raster.h"

#include <algorithm>

#include "cuda/grid.h"
#include "cuda/raster/draw_kernels.cuh"
#include "cuda/raster/gather_kernels.cuh"
#include "cuda/raster/removal_kernels.cuh"
#include "cuda/raster/similarity_kernels.cuh"

namespace gsfit::gpu {

namespace {

constexpr int threads = 256;

template <int number>
using Channels = std::integral_constant<int, number>;

/// Calls run(first channel, its Channels, whether there is a normaliser) for each group.
template <class Run>
void for_each_group(const DrawJob& job, const Run& run) {
    const auto with = [&](auto normalise) {
        for (int first = 0; first < job.channels; first += group_channels) {
            switch (std::min(group_channels, job.channels - first)) {
                case 1:
                    run(first, Channels<1>(), normalise);
                    break;
                case 2:
                    run(first, Channels<2>(), normalise);
                    break;
                case 3:
                    run(first, Channels<3>(), normalise);
                    break;
                default:
                    run(first, Channels<4>(), normalise);
                    break;
            }
        }
    };
    if (job.normalise) {
        with(std::true_type());
    } else {
        with(std::false_type());
    }
}

dim3 tiles_of(const TileGrid& grid) {
    return dim3(static_cast<unsigned>(grid.tiles_x), static_cast<unsigned>(grid.tiles_y));
}

/// Parts that a splat's rows are shared among: enough blocks for a large device, whatever the number of splats.
int gather_parts(std::int64_t splats) {
    constexpr std::int64_t blocks = 2048;
    return static_cast<int>(std::clamp<std::int64_t>(blocks / std::max<std::int64_t>(splats, 1), 1, 64));
}

}  // namespace

void find_thresholds(const DrawJob& job, int topk, float* threshold, Stream stream) {
    constexpr int few = 10;  // of Image-GS; a thread keeps as many weights in registers
    constexpr int most = 32;
    const auto kernel = topk <= few ? find_thresholds_of_tile<few> : find_thresholds_of_tile<most>;
    simt::launch(kernel, tiles_of(job.grid), dim3(tile_threads), 0, stream, job, topk, threshold);
}

void draw_image(const DrawJob& job, const Planes& planes, Stream stream) {
    for_each_group(job, [&](int first, auto channels, auto normalise) {
        simt::launch(draw_image_tile<channels, normalise>, tiles_of(job.grid), dim3(tile_threads), 0, stream, job,
                     first, planes);
    });
}

void differentiate_image(const DrawJob& job, const Planes& planes, const Pixels& gradient, float* gradient_planes,
                         Stream stream) {
    for_each_group(job, [&](int first, auto channels, auto normalise) {
        const auto out = GroupPlanes<channels, normalise>::of(gradient_planes, job.grid, first);
        simt::launch(differentiate_samples<channels, normalise>, grid_of(out.stride, threads), dim3(threads), 0, stream,
                     job, first, planes, gradient, out);
    });
}

std::int64_t draw_loss_sums(const TileGrid& grid, int channels) {
    return std::int64_t{grid.tiles_x} * grid.tiles_y * groups_of(channels);
}

void draw_loss(const DrawJob& job, const LossJob& loss, double* sums, float* gradient_planes, Stream stream) {
    const std::int64_t tiles = draw_loss_sums(job.grid, 1);
    for_each_group(job, [&](int first, auto channels, auto normalise) {
        simt::launch(draw_loss_tile<channels, normalise>, tiles_of(job.grid), dim3(tile_threads), 0, stream, job, first,
                     loss, sums + tiles * (first / group_channels),
                     GroupPlanes<channels, normalise>::of(gradient_planes, job.grid, first));
    });
    simt::launch(sum_in_order<threads>, dim3(1), dim3(threads), 0, stream, sums,
                 draw_loss_sums(job.grid, job.channels));
}

std::int64_t block_loss_sums(const TileGrid& grid, int channels) {
    return blocks_along(grid.width) * block_rows(grid.rows) * channels;
}

void block_loss(const DrawJob& job, const float* image, const LossJob& loss, double* sums, float* gradient,
                Stream stream) {
    const dim3 blocks(static_cast<unsigned>(blocks_along(job.grid.width)),
                      static_cast<unsigned>(block_rows(job.grid.rows)), static_cast<unsigned>(job.channels));
    simt::launch(compare_blocks, blocks, dim3(similarity_threads), 0, stream, job, image, loss, gradient, sums);
    simt::launch(sum_in_order<threads>, dim3(1), dim3(threads), 0, stream, sums,
                 block_loss_sums(job.grid, job.channels));
}

std::int64_t gather_partial_floats(std::int64_t splats, int channels) {
    return gather_parts(splats) * splats * (geometry_columns + channels);
}

void gather_gradients(const DrawJob& job, const SplatArrays& splats, const float* gradient_planes, float* partial,
                      const SplatGradients& gradients, Stream stream) {
    const int parts = gather_parts(splats.size);
    for_each_group(job, [&](int first, auto channels, auto normalise) {
        // The planes are only read.
        const auto planes = GroupPlanes<channels, normalise>::of(const_cast<float*>(gradient_planes), job.grid, first);
        simt::launch(gather<channels, normalise>,
                     dim3(static_cast<unsigned>(splats.size), splats.size > 0 ? static_cast<unsigned>(parts) : 0),
                     dim3(gather_threads), 0, stream, job, first, splats.size, planes, partial);
    });
    simt::launch(finish_gradients, grid_of(splats.size, threads), dim3(threads), 0, stream, splats, partial, parts,
                 gradients);
}

std::int64_t removal_floats(std::int64_t splats) { return gather_parts(splats) * splats; }

void removal_costs(const DrawJob& job, const Planes& drawn, const LossJob& against, std::int64_t splats, float* partial,
                   float* costs, Stream stream) {
    const int parts = gather_parts(splats);
    simt::launch(gather_removal_costs,
                 dim3(static_cast<unsigned>(splats), splats > 0 ? static_cast<unsigned>(parts) : 0),
                 dim3(gather_threads), 0, stream, job, drawn, against, splats, partial);
    simt::launch(add_removal_costs, grid_of(splats, threads), dim3(threads), 0, stream, splats, partial, parts, costs);
}

}  // namespace gsfit::gpu
