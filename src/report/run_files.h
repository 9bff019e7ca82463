// What a run folder tells of its run, as far as it can be read.

#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "report/metrics.h"
#include "report/settings.h"

namespace gsfit {

/// A part without a value is missing or damaged.
struct RunFiles {
    std::filesystem::path folder;
    std::optional<nlohmann::ordered_json> record;  ///< run.json, an object
    std::optional<Metrics> metrics;
    std::optional<std::vector<SettingLine>> settings;
    std::optional<std::uintmax_t> checkpoint_bytes;  ///< of checkpoints/latest
    std::optional<std::uintmax_t> video_bytes;       ///< of video.mp4

    // Of the record, at a JSON pointer such as "/image/width"; none when that is no finite number, no text or no truth.
    [[nodiscard]] std::optional<double> number(const char* place) const;
    [[nodiscard]] std::optional<std::string> text(const char* place) const;
    [[nodiscard]] std::optional<bool> truth(const char* place) const;
    /// Whether it is there and null, as a PSNR that is infinite.
    [[nodiscard]] bool is_null(const char* place) const;
};

RunFiles read_run_files(const std::filesystem::path& folder);

}  // namespace gsfit
