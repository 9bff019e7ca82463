#pragma once

#include "gsfit/densify.h"
#include "gsfit/gpu.h"

namespace gsfit {

/// Both fields' moments.
Moments concatenate(const Moments& a, const Moments& b);

/// The moments of these Gaussians.
Moments select(const Moments& moments, const at::Tensor& indices);

/// grow() on a GPU, of options.count Gaussians; the target can be read there. Nothing waits for it.
void grow_on_device(const Gpu& gpu, Field& field, Moments& moments, const RenderRows& render, const PackedView& target,
                    const Lattice& lattice, const GrowthOptions& options, Random& random);

}  // namespace gsfit
