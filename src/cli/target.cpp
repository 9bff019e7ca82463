#include "cli/target.h"

#include <algorithm>

#include "cli/image_files.h"
#include "cli/text.h"
#include "gsfit/core/error.h"

namespace gsfit::cli {

bool same_values(const ImageMaps& a, const ImageMaps& b) {
    return std::ranges::equal(a, b, [](const ImageMap& map, const ImageMap& other) {
        return map.channels == other.channels && map.alpha == other.alpha && map.low == other.low &&
               map.high == other.high && map.gamma == other.gamma;
    });
}

PackedImage read_target(const std::filesystem::path& path, const Field& field, const ImageMaps& maps,
                        const std::string& advice) {
    // resize_max of the run is the longer side of its raster.
    const std::int64_t side = std::max(field.raster_width, field.raster_height);
    PackedImage image = read_stack(image_files(path), side, {}, maps[0].gamma);
    if (image.width() != field.raster_width || image.height() != field.raster_height ||
        image.channels() != field.channels()) {
        throw InputError(text_of("'", path.string(), "' (", image.width(), " x ", image.height(), " pixels, ",
                                 image.channels(), " channels) is not the image that was fitted (", field.raster_width,
                                 " x ", field.raster_height, ", ", field.channels(), "); ", advice));
    }
    if (!same_values(image.maps(), maps)) {
        throw InputError(text_of("the values of '", path.string(),
                                 "' stand for others than those that were fitted (alpha, or another range of floating "
                                 "point); ",
                                 advice));
    }
    return image;
}

}  // namespace gsfit::cli
