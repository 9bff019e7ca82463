#pragma once

#include <filesystem>

#include "cli/arguments.h"
#include "gsfit/config.h"
#include "gsfit/core/error.h"

namespace gsfit::cli {

/// gsfit train --each: fits every image that the arguments name in a process of its own, several at once, into folders
/// of `folder`, and sums them up there (docs/batch.md). Goes on with what is already there. Stopped by SIGINT or
/// SIGTERM it saves; the exit code says so. Throws UsageError, InputError and OutputError for what concerns all images,
/// and Error at the end when some of them failed.
ExitCode fit_batch(const Arguments& arguments, const Config& config, const std::filesystem::path& folder);

}  // namespace gsfit::cli
