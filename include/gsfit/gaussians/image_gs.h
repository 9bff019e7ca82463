#pragma once

#include <cstdint>

#include "gsfit/core/random.h"
#include "gsfit/gaussians.h"

namespace gsfit {

/// Where Image-GS places the Gaussians that are not placed uniformly.
enum class InitMode {
    gradient,  ///< with probability proportional to the squared Sobel gradient, summed over channels
    saliency,  ///< to saliency_map()
    random,    ///< uniformly too
};

struct ImageGsStart {
    std::int64_t count = 0;     ///< 1 to the number of pixels
    float random_ratio = 0.3F;  ///< of the count, uniform over the image
    InitMode mode = InitMode::gradient;
    float sigma = 5.0F;           ///< [pixels]
    float saliency_blur = 20.0F;  ///< [pixels]
    bool colored = true;          ///< like the image, else at random in [0,1)
    Forget forget{};              ///< as in InitialOptions
};

/// The field that Image-GS starts from: round Gaussians of one size on different pixels, in Morton order.
Field image_gs_field(const PackedView& image, const ImageGsStart& start, Random& random);

/// Round Gaussians of one size, centred on the pixels y * width + x, of the image's raster.
Field round_gaussians(const PackedView& image, const std::vector<std::int64_t>& pixels, float sigma,
                      const at::Tensor& feature);

}  // namespace gsfit
