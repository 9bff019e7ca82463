#pragma once

#include <optional>
#include <string>

#include "gsfit/config.h"
#include "gsfit/train.h"

namespace gsfit::cli {

/// What a new run starts from instead of the initial placement.
struct Start {
    TrainState state;
    std::string note;     ///< for the log: whence it came
    std::string warning;  ///< for the user; may be empty
};

/// By the key init_from_checkpoint; none when that is not set. `options` are told how many Gaussians there are then.
/// Throws UsageError or InputError, with a sentence, when the field does not fit the run.
std::optional<Start> start_of(const Config& config, const ImageInfo& image, TrainOptions& options);

}  // namespace gsfit::cli
