#pragma once

#include <filesystem>
#include <optional>

#include "cli/arguments.h"
#include "cli/compact.h"
#include "gsfit/checkpoint.h"

namespace gsfit::cli {

/// A saved field that the command line names: a run folder stands for its latest checkpoint.
struct Source {
    std::filesystem::path file;
    std::optional<std::filesystem::path> run_folder;  ///< that the file belongs to, if any
    SavedField saved;
    std::uint64_t bytes_read;
};

/// Of a compact file, what is wanted. Throws InputError when there is no field in it.
Source open_source(const std::filesystem::path& path, const WantedPart& wanted = {});

/// Opens the command's positional argument. Throws UsageError when there is none, InputError when there is no field in
/// it.
Source open_source(const Arguments& arguments, const WantedPart& wanted = {});

/// The image that --image names, or that the source's run fits. Throws UsageError where there is neither.
std::filesystem::path image_of(const Arguments& arguments, const Source& source);

}  // namespace gsfit::cli
