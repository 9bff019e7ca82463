#include "cli/batch_images.h"

#include <set>

#include "cli/image_files.h"
#include "cli/text.h"
#include "gsfit/core/error.h"
#include "gsfit/core/file.h"
#include "gsfit/core/names.h"

namespace gsfit::cli {
namespace {

namespace fs = std::filesystem;

fs::path full_path(const fs::path& path) { return fs::absolute(path).lexically_normal(); }

}  // namespace

std::vector<BatchImage> batch_images(const std::vector<std::string>& arguments) {
    if (arguments.empty()) {
        throw UsageError("--each lacks its images; name a folder or several images, gsfit train --each photos");
    }
    std::vector<BatchImage> images;
    std::set<fs::path> seen;
    std::set<std::string> names{"summary.csv", "summary.html"};
    for (const std::string& argument : arguments) {
        const std::vector<fs::path> paths = is_folder(argument) ? images_in(argument) : std::vector<fs::path>{argument};
        for (const fs::path& path : paths) {
            if (seen.insert(full_path(path)).second) images.push_back({path, free_name(path.filename(), names)});
        }
    }
    if (images.empty()) {
        throw InputError(
            text_of("there is no image in '", arguments[0],
                    "'; name a folder with PNG, JPEG, TIFF, WebP or EXR files (folders below it do not count)"));
    }
    return images;
}

std::string batch_name(const std::vector<std::string>& arguments) {
    if (arguments.size() != 1 || !is_folder(arguments[0])) return "batch";
    const fs::path folder = full_path(fs::path(arguments[0]) / "").parent_path();
    return folder.has_filename() ? folder.filename().string() : "batch";
}

}  // namespace gsfit::cli
