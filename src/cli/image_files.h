#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "gsfit/config.h"
#include "gsfit/image.h"

namespace gsfit::cli {

/// Whether read_image knows the file's content.
bool is_image_file(const std::filesystem::path& path);

/// The images in a folder, by name: files whose ending or content is one that read_image reads, but not those in
/// folders below it nor hidden ones. Throws InputError when the folder cannot be read.
std::vector<std::filesystem::path> images_in(const std::filesystem::path& folder);

/// input_path, in data_root; empty when there is none.
std::filesystem::path image_path(const Config& config);

/// What one field is fitted to: the file, or all images in the folder as a texture stack. Throws InputError when there
/// is none in it.
std::vector<std::filesystem::path> image_files(const std::filesystem::path& path);

/// As the configuration asks for them: resize_max, downsample, gamma. Throws as read_stack does.
ImageInfo inspect_target(const std::filesystem::path& path, const Config& config);
PackedImage read_target(const std::filesystem::path& path, const Config& config, const PixelStorage& storage);
/// The same without `downsample`.
PackedImage read_full_target(const std::filesystem::path& path, const Config& config, const PixelStorage& storage);

}  // namespace gsfit::cli
