#pragma once

#include "gsfit/train.h"

namespace gsfit {

/// Before the first step of a run with these Gaussians, on the CPU: moments are zero.
TrainState state_of_start(Field field, const TrainOptions& options, const Random& random);

}  // namespace gsfit
