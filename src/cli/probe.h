#pragma once

#include <cstdint>
#include <optional>

#include "cli/progress.h"
#include "gsfit/config.h"
#include "gsfit/image.h"
#include "gsfit/train.h"

namespace gsfit::cli {

/// A finished fit.
struct Fitted {
    TrainState state;
    double psnr = 0;  ///< [dB]
};

/// A short fit, which tells what a longer one would come to: of `gaussians` in `steps` steps, or by the clock in 6% of
/// the options' seconds where these have some. Progress goes to stderr. None when a signal asked for a stop.
std::optional<Fitted> probe(const Config& config, const PackedImage& image, TrainOptions options,
                            std::int64_t gaussians, std::int64_t steps);

/// What train() makes of the image, with the PSNR that it ends on; `progress` is told of it. None when a signal asked
/// for a stop.
std::optional<Fitted> fitted(const PackedImage& image, TrainOptions options, std::optional<TrainState> start,
                             Progress& progress);

/// The PSNR [dB] of such a fit.
std::optional<double> probed_psnr(const Config& config, const PackedImage& image, const TrainOptions& options,
                                  std::int64_t gaussians, std::int64_t steps);

}  // namespace gsfit::cli
