#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "cli/arguments.h"
#include "gsfit/config.h"

namespace gsfit::cli {

/// The effective configuration of a command that takes --config and keys.
Config load_config(const Arguments& arguments);

/// The same with the IMAGE argument as input_path. Throws UsageError when the image is given twice.
Config load_config_with_image(Arguments arguments);

/// The same, whose `device` is wanted_device(): it says what is meant, so that a run on a GPU goes on there.
Config load_config_of_new_run(Arguments arguments);

/// The configuration that a run goes on with: its own, but for keys that change nothing in its result. Throws
/// UsageError when flags or the environment ask for anything else, InputError when the run has no configuration.
Config load_config_of_run(const std::filesystem::path& run_folder, const Arguments& arguments);

/// Whether a run may go on with another value of the key.
bool is_free_when_resumed(const Key& key);

/// The key `device`; but the cuda:0 that every file of Image-GS names is no more than `auto`, as machines without a GPU
/// can train too.
std::string wanted_device(const Config& config);

/// For a command without keys, one of whose flags stands for this one: what that says, or else the environment. Throws
/// UsageError.
Config load_key(const Arguments& arguments, const std::string& key);

/// Threads that a command without keys computes with: --threads, or else GSFIT_THREADS. Throws UsageError.
int wanted_threads(const Arguments& arguments);

nlohmann::ordered_json value_of(const Config& config, const Key& key);

}  // namespace gsfit::cli
