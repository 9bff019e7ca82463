#pragma once

#include <memory>

#include "gsfit/bins.h"
#include "gsfit/types.h"

namespace gsfit {

/// Splats -> image [C,h,w] float32 of the lattice they were binned for. Differentiable with respect to center, conic
/// and feature; C from 1 to 16. Not clamped.
at::Tensor rasterize(const Splats& splats, const std::shared_ptr<const Bins>& bins, const Blending& blending);

/// Splats -> pixel loss against the target's pixels on `lattice`, a float32 scalar: the mean over samples and channels.
/// Differentiable like rasterize(); image, loss and gradient of a block live only while that block is worked on, so
/// memory does not grow with the image.
at::Tensor rasterize_loss(const Splats& splats, const std::shared_ptr<const Bins>& bins, const Blending& blending,
                          const PackedView& target, const Lattice& lattice, const PixelLoss& loss);

}  // namespace gsfit
