#pragma once

#include "gsfit/core/ssim.h"
#include "gsfit/loss.h"

namespace gsfit {

/// What a step minimises: as ImageLoss, but that SSIM may be that of blocks.
struct StepLoss {
    PixelLoss pixel{};
    float ssim = 0;  ///< weight of 1 - SSIM
    SsimWindows windows = SsimWindows::image;

    /// Whether it looks across blocks; else it is worked off block by block.
    [[nodiscard]] bool needs_image() const { return ssim != 0 && windows == SsimWindows::image; }
    /// The loss of an image, where it needs one.
    [[nodiscard]] ImageLoss of_image() const { return {.pixel = pixel, .ssim = needs_image() ? ssim : 0.0F}; }
};

}  // namespace gsfit
