#pragma once

#include "gsfit/train.h"

namespace gsfit {

/// Options of recipe image_gs: its blending, its loss, and that many additions.
inline void follow_image_gs(TrainOptions& options, std::int64_t add_steps, std::int64_t add_times) {
    options.blending = {.blend = Blend::topk_norm, .eps = 1e-4F, .support = Support::tile16};
    options.loss = {.l1 = 1, .l2 = 0};
    options.ssim_loss_ratio = 0.1F;
    options.ssim_windows = SsimWindows::image;
    options.image_gs.emplace();
    options.image_gs->add_steps = add_steps;
    options.image_gs->add_times = add_times;
}

}  // namespace gsfit
