#include "cli/image_files.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <string_view>
#include <system_error>

#include "cli/text.h"
#include "gsfit/core/error.h"
#include "gsfit/core/file.h"

namespace gsfit::cli {
namespace {

namespace fs = std::filesystem;

bool has_image_ending(const fs::path& path) {
    constexpr std::array<std::string_view, 7> endings{".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".exr"};
    std::string ending = path.extension().string();
    std::ranges::transform(ending, ending.begin(), [](unsigned char letter) { return std::tolower(letter); });
    return std::ranges::find(endings, ending) != endings.end();
}

bool is_image(const fs::directory_entry& entry) {
    std::error_code ignored;  // a link to nothing is no image
    return entry.is_regular_file(ignored) && entry.path().filename().native()[0] != '.' &&
           (has_image_ending(entry.path()) || is_image_file(entry.path()));
}

float gamma_of(const Config& config) { return static_cast<float>(config.number("gamma")); }

/// The most that the longer side of what is fitted may have [pixels]; 0: the image's own.
std::int64_t fitted_side(const std::vector<fs::path>& files, const Config& config) {
    const std::int64_t most = config.integer("resize_max");
    if (!config.boolean("downsample")) return most;
    const ImageInfo full = inspect_stack(files, most);
    const auto side = static_cast<double>(std::max(full.width, full.height));
    return std::max<std::int64_t>(1, std::llround(side / config.number("downsample_ratio")));
}

}  // namespace

bool is_image_file(const fs::path& path) {
    try {
        inspect_image(path);
        return true;
    } catch (const InputError&) {
        return false;
    }
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

fs::path image_path(const Config& config) {
    const fs::path image = config.text("input_path");
    const fs::path root = config.text("data_root");
    return image.empty() || root.empty() ? image : root / image;
}

std::vector<fs::path> image_files(const fs::path& path) {
    if (!is_folder(path)) return {path};
    std::vector<fs::path> images = images_in(path);
    if (images.empty()) {
        throw InputError(text_of("there is no image in '", path.string(),
                                 "'; name a folder with PNG, JPEG, TIFF, WebP or EXR files (folders below it do not "
                                 "count)"));
    }
    return images;
}

ImageInfo inspect_target(const fs::path& path, const Config& config) {
    const std::vector<fs::path> files = image_files(path);
    return inspect_stack(files, fitted_side(files, config), gamma_of(config));
}

PackedImage read_target(const fs::path& path, const Config& config, const PixelStorage& storage) {
    const std::vector<fs::path> files = image_files(path);
    return read_stack(files, fitted_side(files, config), storage, gamma_of(config));
}

PackedImage read_full_target(const fs::path& path, const Config& config, const PixelStorage& storage) {
    return read_stack(image_files(path), config.integer("resize_max"), storage, gamma_of(config));
}

}  // namespace gsfit::cli
