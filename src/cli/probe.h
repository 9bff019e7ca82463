#pragma once

#include <cstdint>
#include <optional>

#include "gsfit/config.h"
#include "gsfit/image.h"
#include "gsfit/train.h"

namespace gsfit::cli {

/// A short fit, which tells what a longer one would come to: of `gaussians` in `steps` steps, or by the clock in 6% of
/// the options' seconds where these have some. Progress goes to stderr. None when a signal asked for a stop.
std::optional<TrainState> probe(const Config& config, const PackedImage& image, TrainOptions options,
                                std::int64_t gaussians, std::int64_t steps);

/// The PSNR [dB] of such a fit.
std::optional<double> probed_psnr(const Config& config, const PackedImage& image, const TrainOptions& options,
                                  std::int64_t gaussians, std::int64_t steps);

}  // namespace gsfit::cli
