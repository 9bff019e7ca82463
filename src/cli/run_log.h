#pragma once

#include <filesystem>
#include <string>

#include "gsfit/train.h"

namespace gsfit::cli {

/// log.txt of a run folder, appended to; a listener that notes what happens in the run. Hand it to train() with
/// std::ref. All members throw OutputError when the file cannot be written.
class RunLog {
public:
    enum class Level { debug, info, warning, error };

    /// level: the least severe messages that are kept: debug, info, warning or error.
    RunLog(const std::filesystem::path& run_folder, const std::string& level);

    void operator()(const TrainEvent& event);
    void write(Level level, const std::string& message);

private:
    std::filesystem::path path_;
    Level least_;
};

}  // namespace gsfit::cli
