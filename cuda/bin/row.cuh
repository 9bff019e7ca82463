#pragma once

#include "cuda/bin/tiles.h"
#include "cuda/simt.h"

namespace gsfit::gpu {

/// Half the width of the ellipse's row at dy from its centre.
__device__ inline float half_row(const EllipseRows& ellipse, float dy) {
    const float square = fmaf(-ellipse.row_shrink * dy, dy, ellipse.row_reach);
    return square > 0.0F ? square * rsqrtf(square) : 0.0F;  // good to some ulp, for which the extents have slack
}

}  // namespace gsfit::gpu
