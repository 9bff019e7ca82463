#pragma once

#include "cuda/bin/bin.h"
#include "cuda/densify/densify.h"
#include "cuda/densify/sampling.h"
#include "cuda/loss/loss.h"
#include "cuda/optim/whitened_adam.h"
#include "cuda/primitives.h"
#include "cuda/project/project.h"
#include "cuda/raster/raster.h"

namespace gsfit::gpu {

/// The functions of the rooms' headers in cuda/. They are called through this table, since the library that holds them
/// is loaded only when a GPU is asked for.
struct Launchers {
    decltype(&gpu::scan_bytes) scan_bytes;
    decltype(&gpu::sort_bytes) sort_bytes;
    void (*sort_pairs)(const std::uint32_t* keys, std::uint32_t* sorted_keys, const std::uint32_t* values,
                       std::uint32_t* sorted_values, std::int64_t n, int bits, Workspace workspace, Stream stream);
    decltype(&gpu::project_forward) project_forward;
    decltype(&gpu::project_backward) project_backward;
    decltype(&gpu::count_tiles) count_tiles;
    decltype(&gpu::list_tiles) list_tiles;
    decltype(&gpu::draw_image) draw_image;
    decltype(&gpu::differentiate_image) differentiate_image;
    decltype(&gpu::draw_loss) draw_loss;
    decltype(&gpu::gather_gradients) gather_gradients;
    decltype(&gpu::gather_partial_floats) gather_partial_floats;
    decltype(&gpu::draw_loss_sums) draw_loss_sums;
    decltype(&gpu::loss_workspace_bytes) loss_workspace_bytes;
    decltype(&gpu::add_errors) add_errors;
    decltype(&gpu::add_dissimilarity) add_dissimilarity;
    decltype(&gpu::loss_gradient) loss_gradient;
    decltype(&gpu::whitened_adam) whitened_adam;
    decltype(&gpu::growth_weights) growth_weights;
    decltype(&gpu::add_gaussians) add_gaussians;
    decltype(&gpu::morton_codes) morton_codes;
    decltype(&WeightedSampler::bytes) sampler_bytes;
    decltype(&WeightedSampler::workspace_bytes) sampler_workspace_bytes;
    WeightedSampler (*make_sampler)(std::int64_t count, std::uint64_t seed, Workspace memory);
    void (*offer)(WeightedSampler& sampler, std::int64_t first, const float* weights, std::int64_t size,
                  Workspace workspace, Stream stream);
    const std::int64_t* (*drawn)(const WeightedSampler& sampler);
};

/// All of them, as this library was built.
inline Launchers launchers() {
    return {
        gpu::scan_bytes,
        gpu::sort_bytes,
        gpu::sort_pairs,
        gpu::project_forward,
        gpu::project_backward,
        gpu::count_tiles,
        gpu::list_tiles,
        gpu::draw_image,
        gpu::differentiate_image,
        gpu::draw_loss,
        gpu::gather_gradients,
        gpu::gather_partial_floats,
        gpu::draw_loss_sums,
        gpu::loss_workspace_bytes,
        gpu::add_errors,
        gpu::add_dissimilarity,
        gpu::loss_gradient,
        gpu::whitened_adam,
        gpu::growth_weights,
        gpu::add_gaussians,
        gpu::morton_codes,
        WeightedSampler::bytes,
        WeightedSampler::workspace_bytes,
        [](std::int64_t count, std::uint64_t seed, Workspace memory) { return WeightedSampler(count, seed, memory); },
        [](WeightedSampler& sampler, std::int64_t first, const float* weights, std::int64_t size, Workspace workspace,
           Stream stream) { sampler.add(first, weights, size, workspace, stream); },
        [](const WeightedSampler& sampler) { return sampler.drawn(); }};
}

}  // namespace gsfit::gpu
