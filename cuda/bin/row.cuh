#pragma once

#include "cuda/bin/tiles.h"
#include "cuda/simt.h"

namespace gsfit::gpu {

/// Half the width of the splat's row at dy from its centre.
__device__ inline float half_row(const TileSplat& line, float dy) {
    const float square = fmaf(-line.row_shrink * dy, dy, line.row_reach);
    return square > 0.0F ? square * rsqrtf(square) : 0.0F;  // good to some ulp, for which the extents have slack
}

}  // namespace gsfit::gpu
