#pragma once

#include <filesystem>
#include <string>

#include "gsfit/image.h"
#include "gsfit/types.h"

namespace gsfit::cli {

/// The image, or the texture stack, that the field was fitted to, at the size of its raster. Throws InputError when it
/// is another one, whose sentence ends with `advice`, or as read_stack.
PackedImage read_target(const std::filesystem::path& path, const Field& field, const ImageMaps& maps,
                        const std::string& advice);

/// Whether the channels mean the same: names and colour profiles may differ.
bool same_values(const ImageMaps& a, const ImageMaps& b);

}  // namespace gsfit::cli
