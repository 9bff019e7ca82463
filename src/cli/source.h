#pragma once

#include <filesystem>
#include <optional>

#include "cli/arguments.h"
#include "gsfit/checkpoint.h"

namespace gsfit::cli {

/// A saved field that the command line names: a run folder stands for its latest checkpoint.
struct Source {
    std::filesystem::path file;
    std::optional<std::filesystem::path> run_folder;  ///< that the file belongs to, if any
    SavedField saved;
};

/// Throws InputError when there is no field in it.
Source open_source(const std::filesystem::path& path);

/// Opens the command's positional argument. Throws UsageError when there is none, InputError when there is no field in
/// it.
Source open_source(const Arguments& arguments);

}  // namespace gsfit::cli
