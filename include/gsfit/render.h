#pragma once

#include "gsfit/types.h"

namespace gsfit {

/// The differentiable image [C,h,w] of any lattice of any raster; not clamped.
at::Tensor render(const Field& field, const Lattice& lattice, const Blending& blending);

/// render() and the pixel loss in one pass over the blocks, a float32 scalar.
at::Tensor render_loss(const Field& field, const Lattice& lattice, const Blending& blending, const PackedView& target,
                       const PixelLoss& loss);

// The same of a band of a lattice, from the splats that the whole lattice sees: one projection serves all bands.

/// Image [C,n,w] of these rows, stored as `type`: float32 or float16.
at::Tensor render_rows(const Splats& splats, const Lattice& lattice, const Rows& rows, const Blending& blending,
                       at::ScalarType type = at::kFloat);

/// What these rows add to the lattice's pixel loss and, times `ssim`, to 1 - SSIM of its blocks (raster.h).
at::Tensor render_rows_loss(const Splats& splats, const Lattice& lattice, const Rows& rows, const Blending& blending,
                            const PackedView& target, const PixelLoss& loss, float ssim = 0);

/// By how much the squared error of these rows would grow without each splat, [N] (raster.h).
at::Tensor rows_removal_costs(const Splats& splats, const Lattice& lattice, const Rows& rows, const Blending& blending,
                              const PackedView& target);

}  // namespace gsfit
