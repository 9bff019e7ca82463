// config.yaml of a run folder, as far as it can be read.

#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace gsfit {

/// UTF-8, whatever the file holds.
struct SettingLine {
    std::string key;
    std::string value;
    std::string origin;  ///< "default", "flag --seed", ...
};

/// Lines "key: value  # origin", as a run writes them; others are passed over. Throws InputError when the file cannot
/// be read or has no such line.
std::vector<SettingLine> read_settings(const std::filesystem::path& run_folder);

}  // namespace gsfit
