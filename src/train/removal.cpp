#include "train/removal.h"

#include <ATen/core/grad_mode.h>

#include "gsfit/project.h"
#include "gsfit/render.h"
#include "train/step.h"

namespace gsfit {

at::Tensor removal_costs(const Field& field, const Blending& blending, const PackedImage& target,
                         const Lattice& lattice, std::int64_t bands) {
    const at::NoGradGuard no_grad;
    const Splats splats = project(field, lattice);
    at::Tensor costs;
    for_each_band(target, lattice, bands, [&](const Rows& band) {
        const at::Tensor of_band = rows_removal_costs(splats, lattice, band, blending, target.view());
        costs = costs.defined() ? costs.add_(of_band) : of_band;
    });
    return costs;
}

}  // namespace gsfit
