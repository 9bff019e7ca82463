#pragma once

#include "gsfit/image.h"
#include "gsfit/types.h"

namespace gsfit {

/// What each Gaussian is worth to the image of a lattice (removal_costs() of raster.h), [N] where the field is; worked
/// off in `bands` bands.
at::Tensor removal_costs(const Field& field, const Blending& blending, const PackedImage& target,
                         const Lattice& lattice, std::int64_t bands);

}  // namespace gsfit
