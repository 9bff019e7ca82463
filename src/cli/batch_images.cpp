#include "cli/batch_images.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <set>
#include <string_view>
#include <system_error>

#include "cli/text.h"
#include "gsfit/core/error.h"
#include "gsfit/core/file.h"
#include "gsfit/image.h"

namespace gsfit::cli {
namespace {

namespace fs = std::filesystem;

bool has_image_ending(const fs::path& path) {
    constexpr std::array<std::string_view, 6> endings{".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp"};
    std::string ending = path.extension().string();
    std::ranges::transform(ending, ending.begin(), [](unsigned char letter) { return std::tolower(letter); });
    return std::ranges::find(endings, ending) != endings.end();
}

bool has_image_content(const fs::path& path) {
    try {
        inspect_image(path);
        return true;
    } catch (const InputError&) {
        return false;
    }
}

bool is_image(const fs::directory_entry& entry) {
    std::error_code ignored;  // a link to nothing is no image
    return entry.is_regular_file(ignored) && entry.path().filename().native()[0] != '.' &&
           (has_image_ending(entry.path()) || has_image_content(entry.path()));
}

std::vector<fs::path> images_in(const fs::path& folder) {
    std::vector<fs::path> images;
    std::error_code error;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
        if (is_image(*entry)) images.push_back(entry->path());
    }
    if (error) {
        throw InputError(text_of("cannot read the folder '", folder.string(), "': ", error.message(),
                                 "; name one that you may read"));
    }
    std::ranges::sort(images);
    return images;
}

fs::path full_path(const fs::path& path) { return fs::absolute(path).lexically_normal(); }

/// The name, or the first of name-2, name-3 ... that is free.
std::string free_name(const std::string& name, std::set<std::string>& taken) {
    std::string candidate = name;
    for (int number = 2; !taken.insert(candidate).second; ++number) candidate = text_of(name, "-", number);
    return candidate;
}

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
                    "'; name a folder with PNG, JPEG, TIFF or WebP files (folders below it do not count)"));
    }
    return images;
}

std::string batch_name(const std::vector<std::string>& arguments) {
    if (arguments.size() != 1 || !is_folder(arguments[0])) return "batch";
    const fs::path folder = full_path(fs::path(arguments[0]) / "").parent_path();
    return folder.has_filename() ? folder.filename().string() : "batch";
}

}  // namespace gsfit::cli
