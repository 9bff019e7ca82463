#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>

namespace gsfit::cli {

/// run.json of a run folder. Throws InputError when it is missing or damaged.
nlohmann::ordered_json read_run_json(const std::filesystem::path& run_folder);

/// The image that the run fits. Throws InputError when run.json does not name one.
std::filesystem::path image_of_run(const std::filesystem::path& run_folder);

}  // namespace gsfit::cli
