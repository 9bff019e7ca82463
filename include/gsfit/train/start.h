#pragma once

#include "gsfit/train.h"

namespace gsfit {

/// Before the first step of a run with these Gaussians, on the CPU, in this order: moments are zero.
TrainState state_of_start(Field field, const TrainOptions& options, const Random& random);

/// What a run starts from whose first Gaussians are those of `field`, whatever image that was fitted to: to be handed
/// to train(), whose run adds the rest up to num_gaussians as its schedule says. The raster becomes the image's; sigma
/// grows by the ratio of the heights, as in rendering. Moments are zero and the Gaussians sorted.
/// The field has the image's channels and at most num_gaussians Gaussians, else std::invalid_argument is thrown.
TrainState start_from(const Field& field, const ImageInfo& image, const TrainOptions& options);

}  // namespace gsfit
