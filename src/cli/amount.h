#pragma once

// How many Gaussians a run has whose target_psnr or target_bytes takes the place of num_gaussians.

#include <optional>

#include "gsfit/config.h"
#include "gsfit/image.h"
#include "gsfit/train.h"

namespace gsfit::cli {

/// With the num_gaussians that memory is planned by before the image is decoded: those of target_bytes, and about as
/// many as target_psnr may take. Unchanged when neither is set.
Config with_planned_amount(const Config& config, const ImageInfo& image);

/// With the num_gaussians by which a run of these options is predicted to end at `psnr` [dB]: that is probed. None when
/// a signal asked for a stop.
std::optional<Config> with_amount_of_psnr(const Config& config, double psnr, const PackedImage& image,
                                          const TrainOptions& options);

}  // namespace gsfit::cli
