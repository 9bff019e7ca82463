#pragma once

#include "cuda/bin/bin.h"
#include "cuda/densify/densify.h"
#include "cuda/densify/sampling.h"
#include "cuda/gaussians/quantise.h"
#include "cuda/graph.h"
#include "cuda/loss/loss.h"
#include "cuda/optim/adam.h"
#include "cuda/optim/hold.h"
#include "cuda/primitives.h"
#include "cuda/project/project.h"
#include "cuda/raster/raster.h"
#include "cuda/step/step.h"

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
    decltype(&gpu::find_thresholds) find_thresholds;
    decltype(&gpu::draw_image) draw_image;
    decltype(&gpu::differentiate_image) differentiate_image;
    decltype(&gpu::draw_loss) draw_loss;
    decltype(&gpu::block_loss) block_loss;
    decltype(&gpu::block_loss_sums) block_loss_sums;
    decltype(&gpu::gather_gradients) gather_gradients;
    decltype(&gpu::gather_partial_floats) gather_partial_floats;
    decltype(&gpu::draw_loss_sums) draw_loss_sums;
    decltype(&gpu::removal_costs) removal_costs;
    decltype(&gpu::removal_floats) removal_floats;
    decltype(&gpu::loss_workspace_bytes) loss_workspace_bytes;
    decltype(&gpu::add_errors) add_errors;
    decltype(&gpu::add_dissimilarity) add_dissimilarity;
    decltype(&gpu::loss_gradient) loss_gradient;
    decltype(&gpu::whitened_adam) whitened_adam;
    decltype(&gpu::plain_adam) plain_adam;
    decltype(&gpu::hold) hold;
    decltype(&gpu::quantise) quantise;
    decltype(&gpu::stage_target) stage_target;
    decltype(&gpu::clear) clear;
    decltype(&gpu::add_loss) add_loss;
    decltype(&gpu::check_finite) check_finite;
    decltype(&gpu::judge) judge;
    decltype(&gpu::record_graph) record_graph;
    decltype(&gpu::launch_graph) launch_graph;
    decltype(&gpu::free_graph) free_graph;
    decltype(&gpu::make_mark) make_mark;
    decltype(&gpu::set_mark) set_mark;
    decltype(&gpu::wait_for) wait_for;
    decltype(&gpu::free_mark) free_mark;
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
        gpu::find_thresholds,
        gpu::draw_image,
        gpu::differentiate_image,
        gpu::draw_loss,
        gpu::block_loss,
        gpu::block_loss_sums,
        gpu::gather_gradients,
        gpu::gather_partial_floats,
        gpu::draw_loss_sums,
        gpu::removal_costs,
        gpu::removal_floats,
        gpu::loss_workspace_bytes,
        gpu::add_errors,
        gpu::add_dissimilarity,
        gpu::loss_gradient,
        gpu::whitened_adam,
        gpu::plain_adam,
        gpu::hold,
        gpu::quantise,
        gpu::stage_target,
        gpu::clear,
        gpu::add_loss,
        gpu::check_finite,
        gpu::judge,
        gpu::record_graph,
        gpu::launch_graph,
        gpu::free_graph,
        gpu::make_mark,
        gpu::set_mark,
        gpu::wait_for,
        gpu::free_mark,
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
