#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "gsfit/compact/rounding.h"
#include "gsfit/config.h"

namespace gsfit::cli {

/// What is compressed, to what.
struct CompressionTask {
    const Config& config;
    std::filesystem::path image;   ///< or the folder of a stack
    std::filesystem::path folder;  ///< for the decoded image, when that is to lie in a file
    Goal goal{};
    std::optional<double> bits_per_pixel{};        ///< of the raster that is fitted; takes the place of goal.bytes
    std::optional<std::int64_t> num_gaussians{};   ///< none: as the goal wants them, or the image
    std::optional<std::int64_t> freezing_steps{};  ///< none: by the number of training's
};

struct Compressed {
    std::vector<std::byte> file;
    Outcome outcome;
    std::int64_t gaussians = 0;   ///< in the file
    std::int64_t pixels = 0;      ///< of the raster
    double training_seconds = 0;  ///< of `seconds`, in train(): fitting and freezing
    double seconds = 0;
};

/// Decodes the image, fits as many Gaussians as the goal takes, and trains on while they are rounded so that the file
/// meets it. Progress goes to stderr. None when a signal asked for a stop. Throws what decoding, train() and
/// codec::Encoder do.
std::optional<Compressed> compress(const CompressionTask& task);

}  // namespace gsfit::cli
