#pragma once

#include "gsfit/config.h"
#include "gsfit/train.h"

namespace gsfit::cli {

/// The part of a configuration that training reads.
TrainOptions train_options(const Config& config);

}  // namespace gsfit::cli
