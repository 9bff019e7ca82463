#pragma once

#include <filesystem>

#include "gsfit/config.h"
#include "gsfit/core/error.h"

namespace gsfit::cli {

/// What key `eval` asks for: the run in the folder, rendered render_height high, as eval/render-HEIGHT.png there (a
/// file a map of a texture stack). Throws InputError when there is no such run or file in it.
ExitCode render_run(const std::filesystem::path& folder, const Config& config, bool as_json);

}  // namespace gsfit::cli
