#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "bench/row.h"
#include "gsfit/train.h"

namespace gsfit::bench {

using Words = std::vector<std::string>;

/// What every command takes.
struct CommonOptions {
    std::filesystem::path json;  ///< where the figures also go; empty: nowhere
    std::string revision;        ///< of the source, to be shown
};

/// The table of training steps.
struct StepOptions {
    CommonOptions common;
    std::vector<Row> rows;
    int rounds = 3;  ///< times that every row is measured; the least times count
    int repeat = 0;  ///< steps of a measurement; 0: as many as take two seconds
};

/// Fits of an image.
struct FitOptions {
    CommonOptions common;
    std::filesystem::path image;
    TrainOptions train;
    int seeds = 3;
    int threads = 0;   ///< 0: all cores
    std::string simd;  ///< a name of simd_names()
};

/// Drawing of a compact file.
struct DecodeOptions {
    CommonOptions common;
    std::filesystem::path file;
    std::int64_t crop = 512;  ///< side of the square in its middle that is drawn by itself [pixels]
    int rounds = 5;           ///< the least times count
};

/// All throw UsageError; no value when help was asked for and has been printed.
std::optional<StepOptions> parse_step_options(const Words& words);
std::optional<FitOptions> parse_fit_options(const Words& words);
std::optional<DecodeOptions> parse_decode_options(const Words& words);

/// The words that make parse_step_options() return this row alone, to be measured once.
Words words_of(const Row& row, int repeat);

}  // namespace gsfit::bench
