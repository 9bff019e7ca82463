#pragma once

#include "gsfit/types.h"

namespace gsfit {

/// The differentiable image [C,h,w] of any lattice of any raster; not clamped.
at::Tensor render(const Field& field, const Lattice& lattice, const Blending& blending);

/// render() and the pixel loss in one pass over the blocks, a float32 scalar.
at::Tensor render_loss(const Field& field, const Lattice& lattice, const Blending& blending, const PackedView& target,
                       const PixelLoss& loss);

}  // namespace gsfit
