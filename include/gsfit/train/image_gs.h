#pragma once

#include <cstdint>

#include "gsfit/gaussians/image_gs.h"
#include "gsfit/optim.h"

namespace gsfit {

/// What recipe image_gs prescribes (Zhang et al. 2024, Image-GS, arXiv 2407.01866), beside what TrainOptions has for
/// both recipes.
struct ImageGsOptions {
    InitMode init_mode = InitMode::gradient;
    float init_scale = 5.0F;        ///< sigma of a new Gaussian [pixels]; above 0
    float saliency_blur = 20.0F;    ///< sigma of the saliency map's blur [pixels]
    bool color_init = true;         ///< the first Gaussians have the image's colours, else random ones
    LearningRates rates;            ///< before they are lowered
    bool lower_rates = true;        ///< when training does not get on; then end the run
    float decay_ratio = 10.0F;      ///< that rates are divided by; 1 and more
    std::int64_t patience = 1000;   ///< steps without progress before that; 1 and more
    int max_decays = 1;             ///< the next one ends the run
    float decay_threshold = 1e-3F;  ///< rise of SSIM, and of PSNR in units of 100 dB, that is progress
    bool adds = true;               ///< start with `initial_ratio` of the Gaussians, and add the rest
    std::int64_t add_steps = 500;   ///< steps between additions; 1 and more
    std::int64_t add_times = 4;     ///< additions; 1 and more

    /// Throws UsageError naming the option that is out of range.
    void check() const;
};

/// How training by recipe image_gs has been getting on.
struct Plateau {
    double best_psnr = 0;  ///< [dB]
    double best_ssim = 0;
    std::int64_t idle_steps = 0;  ///< without progress
    int decays = 0;               ///< times that learning rates were divided by decay_ratio
};

}  // namespace gsfit
