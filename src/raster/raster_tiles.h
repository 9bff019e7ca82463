#pragma once

#include <vector>

#include "gsfit/gpu.h"
#include "raster/scene.h"

namespace gsfit {

// rasterize() and rasterize_loss() on a GPU. Gradients are {center, conic, feature}.

/// Fills what of `drawn` is defined.
void draw_tiles(const Gpu& gpu, const Scene& scene, const Drawn& drawn);

/// drawn: by draw_tiles(); empty for blend `sum`.
std::vector<at::Tensor> differentiate_tiles(const Gpu& gpu, const Scene& scene, const Drawn& drawn,
                                            const at::Tensor& gradient);

struct TilesLoss {
    at::Tensor loss;                    ///< float32 scalar, on the GPU
    std::vector<at::Tensor> gradients;  ///< empty unless the scene is recorded
};
TilesLoss tiles_loss(const Gpu& gpu, const Scene& scene, const LossJob& loss);

/// removal_costs() on a GPU.
at::Tensor tiles_removal_costs(const Gpu& gpu, const Scene& scene, const LossJob& against);

}  // namespace gsfit
