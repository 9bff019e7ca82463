#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace gsfit {

/// "step-N<suffix>"
std::string step_file_name(std::int64_t step, const std::string& suffix);

/// The N of the files step-N<suffix> in the folder, in order; none when there is no folder. Throws InputError when it
/// cannot be listed.
std::vector<std::int64_t> steps_of_files(const std::filesystem::path& folder, const std::string& suffix);

}  // namespace gsfit
