#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace gsfit::cli {

/// An image of a batch and its run folder's name within the batch folder.
struct BatchImage {
    std::filesystem::path path;
    std::string folder;
};

/// The images that the arguments of --each name, in their order, each file once. A folder stands for its images_in().
/// Throws UsageError when there are no arguments, InputError when a folder cannot be read or there is no image.
///
/// A run folder has the image's full name: `a.png` and `a.jpg` never collide, nor does a file that is added later. Only
/// images of one name from different folders get -2, -3 ... in their order.
std::vector<BatchImage> batch_images(const std::vector<std::string>& arguments);

/// What the batch folder is called: like the folder of images, when that is the only argument, or "batch".
std::string batch_name(const std::vector<std::string>& arguments);

}  // namespace gsfit::cli
