#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cli/arguments.h"
#include "cli/batch_summary.h"
#include "gsfit/config.h"

namespace gsfit::cli {

/// A run that is to be started or to go on.
struct BatchTask {
    std::vector<std::string> words;  ///< of its command line
    std::int64_t bytes = 0;          ///< that it is to have, so that its planned peak raises no warning
};

/// What is to be done for the image of a row; notes in the row what is known of it. Nothing when its run is finished.
/// A run that ended before its first checkpoint is removed, to begin again. Throws InputError for an image that cannot
/// be read and a run of another image, UsageError for a run of other settings or settings that do not fit the image,
/// OutputError when the run's folder cannot be written.
std::optional<BatchTask> task_of(BatchRow& row, const std::filesystem::path& batch_folder, const Arguments& arguments,
                                 const Config& config);

/// The command line with what the batch allots.
std::vector<std::string> words_of(const BatchTask& task, int threads, std::int64_t budget_bytes);

}  // namespace gsfit::cli
