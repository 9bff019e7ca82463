#pragma once

#include <ATen/core/ivalue.h>

#include <memory>

#include "gsfit/bins.h"
#include "gsfit/types.h"
#include "raster/raster_kernels.h"

namespace gsfit {

/// Everything one rasterization needs, kept alive for its backward.
struct Scene : torch::CustomClassHolder {
    std::shared_ptr<const Bins> bins;
    Splats splats;  ///< without gradients
    Blending blending;
    bool recorded = false;  ///< a backward may follow

    [[nodiscard]] std::int64_t size() const { return splats.feature.size(0); }
    [[nodiscard]] int channels() const { return static_cast<int>(splats.feature.size(1)); }
    [[nodiscard]] bool normalised() const { return blending.blend == Blend::norm; }
};

}  // namespace gsfit
