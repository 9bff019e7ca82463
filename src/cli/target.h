#pragma once

#include <filesystem>
#include <string>

#include "gsfit/image.h"
#include "gsfit/types.h"

namespace gsfit::cli {

/// The image that the field was fitted to, at the size of its raster. Throws InputError when it is another one, whose
/// sentence ends with `advice`, or as read_image.
PackedImage read_target(const std::filesystem::path& path, const Field& field, const std::string& advice);

}  // namespace gsfit::cli
