#pragma once

#include <cstdint>

#include "gsfit/train/image_gs.h"

namespace gsfit {

/// Takes note of an evaluation, the one before having been `steps` steps ago. False when training is to end, as it does
/// not get on and learning rates have been lowered often enough.
bool goes_on(Plateau& plateau, const ImageGsOptions& options, double psnr, double ssim, std::int64_t steps);

}  // namespace gsfit
