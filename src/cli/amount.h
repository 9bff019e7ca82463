#pragma once

// How many Gaussians a run has whose num_gaussians is auto, or whose target_psnr or target_bytes takes its place.

#include <optional>

#include "cli/probe.h"
#include "gsfit/config.h"
#include "gsfit/image.h"
#include "gsfit/train.h"

namespace gsfit::cli {

/// With the num_gaussians that memory is planned by before the image is decoded: about as many as target_bytes,
/// target_psnr or auto may take. Unchanged when none of them is set.
Config with_planned_amount(const Config& config, const ImageInfo& image);

/// With the num_gaussians by which a run of these options is predicted to end at `psnr` [dB]: that is probed. None when
/// a signal asked for a stop.
std::optional<Config> with_amount_of_psnr(const Config& config, double psnr, const PackedImage& image,
                                          const TrainOptions& options);

/// As many as fill a compact file of so many bytes well, by what a Gaussian takes of a probe() in probe_steps() of the
/// run that the options are of.
std::int64_t amount_of_bytes(std::int64_t bytes, const Fitted& probed, const PackedImage& image,
                             const TrainOptions& options);

/// With that as num_gaussians, of a probe of the options' number. None when a signal asked for a stop.
std::optional<Config> with_amount_of_bytes(const Config& config, std::int64_t bytes, const PackedImage& image,
                                           const TrainOptions& options);

/// Whether the program chooses the number by the image.
bool is_amount_auto(const Config& config);

/// The number that pays (amount_that_pays), up to the options'; a sentence on stderr tells it. That is probed. None
/// when a signal asked for a stop.
std::optional<std::int64_t> auto_amount(const Config& config, const PackedImage& image, const TrainOptions& options);

/// With that as num_gaussians.
std::optional<Config> with_auto_amount(const Config& config, const PackedImage& image, const TrainOptions& options);

}  // namespace gsfit::cli
