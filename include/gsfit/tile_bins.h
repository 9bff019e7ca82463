#pragma once

#include <ATen/core/Tensor.h>

#include "cuda/bin/bin.h"
#include "gsfit/types.h"

namespace gsfit {

/// What Bins hold on a GPU: the splats of a band by its 16 x 16 tiles.
struct TileBins {
    gpu::TileGrid grid;
    at::Tensor lines;   ///< [N,12] float32: gpu::TileSplat
    at::Tensor splats;  ///< [pairs] int32, by tile
    at::Tensor ranges;  ///< [tiles,2] int32

    [[nodiscard]] gpu::TileLists lists() const {
        return {.lines = static_cast<const gpu::TileSplat*>(lines.const_data_ptr()),
                .splats = static_cast<const std::uint32_t*>(splats.const_data_ptr()),
                .ranges = static_cast<const std::uint32_t*>(ranges.const_data_ptr())};
    }
};

/// Splats on a GPU as its kernels take them.
inline gpu::SplatArrays splat_arrays(const Splats& splats) {
    return {.center = splats.center.const_data_ptr<float>(),
            .conic = splats.conic.const_data_ptr<float>(),
            .det = splats.det.const_data_ptr<float>(),
            .feature = splats.feature.const_data_ptr<float>(),
            .channels = static_cast<int>(splats.feature.size(1)),
            .size = splats.center.size(0)};
}

}  // namespace gsfit
