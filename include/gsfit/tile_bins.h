#pragma once

#include <ATen/core/Tensor.h>

#include "cuda/bin/tiles.h"

namespace gsfit {

/// What Bins hold on a GPU: the splats of a band by its 16 x 16 tiles.
struct TileBins {
    gpu::TileGrid grid;
    at::Tensor lines;   ///< [N,12] float32: gpu::TileSplat
    at::Tensor splats;  ///< [pairs] int32, by tile
    at::Tensor ranges;  ///< [tiles,2] int32
};

}  // namespace gsfit
