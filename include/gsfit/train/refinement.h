#pragma once

#include <cstdint>
#include <vector>

#include "gsfit/core/views.h"

namespace gsfit {

/// Adaptive refinement: when a run has been fitted, it is looked at in patches, and those that are bad are given more
/// Gaussians, some rounds long (docs/refinement.md).
struct Refinement {
    std::int64_t patch_size = 256;       ///< side of a square patch [pixels]; 16 to 4096
    std::int64_t overlap = 32;           ///< of neighbouring patches [pixels]; less than half of patch_size
    float psnr_weight = 0.7F;            ///< of clamp(1 - PSNR / 40 dB, 0, 1) in a patch's score; 0 and more
    float ssim_weight = 0.3F;            ///< of 1 - SSIM in it; 0 and more
    float threshold = 0.3F;              ///< a patch is bad when its score is above this
    std::int64_t increment = 2000;       ///< Gaussians that a round adds; 1 and more
    std::int64_t rounds = 3;             ///< 1 and more
    std::int64_t most_per_patch = 1000;  ///< Gaussians that a round adds to one patch; 1 and more

    [[nodiscard]] bool is_bad(double score) const { return score > static_cast<double>(threshold); }

    /// Throws UsageError naming the option that is out of range.
    void check() const;
};

/// A patch of the raster [pixels] and how bad it is.
struct PatchScore {
    std::int64_t x = 0, y = 0, width = 0, height = 0;
    double score = 0;        ///< 0 is perfect
    std::int64_t added = 0;  ///< Gaussians that it was given
};

}  // namespace gsfit
