#include <ATen/ops/empty.h>

#include <vector>

#include "gsfit/core/error.h"
#include "gsfit/core/parallel.h"
#include "gsfit/raster.h"
#include "raster/raster_tiles.h"
#include "raster/slots.h"

namespace gsfit {

at::Tensor removal_costs(const Splats& splats, const std::shared_ptr<const Bins>& bins, const Blending& blending,
                         const PackedView& target, const Lattice& lattice) {
    const auto scene = scene_of(splats, bins, blending);
    if (scene->selects()) throw Error("what a splat is worth is not known where pixels choose among them (topk_norm)");
    check_target(*scene, target, lattice);
    const LossJob against{.target = target, .lattice = lattice};
    if (const Gpu gpu(scene->splats.feature); gpu) return tiles_removal_costs(gpu, *scene, against);
    std::vector<float> slots(static_cast<std::size_t>(bins->pair_count()));
    const RasterJob job = job_of(*scene);
    parallel_for(bins->block_count(),
                 [&](std::int64_t block) { removal_costs_of_block(job, block, against, slots.data()); });
    at::Tensor costs = at::empty({scene->size()}, scene->splats.feature.options());
    float* cost = costs.data_ptr<float>();
    sum_slots(*scene, slots.data(), 1, [cost](std::int64_t i, const float* sum) { cost[i] = *sum; });
    return costs;
}

std::int64_t removal_bytes(std::int64_t splats, std::int64_t pairs) {
    return (splats + pairs) * static_cast<std::int64_t>(sizeof(float));
}

}  // namespace gsfit
