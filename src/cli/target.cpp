#include "cli/target.h"

#include <algorithm>

#include "cli/text.h"
#include "gsfit/core/error.h"

namespace gsfit::cli {

PackedImage read_target(const std::filesystem::path& path, const Field& field, const std::string& advice) {
    // resize_max of the run is the longer side of its raster.
    PackedImage image = read_image(path, std::max(field.raster_width, field.raster_height));
    if (image.width() != field.raster_width || image.height() != field.raster_height ||
        image.channels() != field.channels()) {
        throw InputError(text_of("'", path.string(), "' (", image.width(), " x ", image.height(), " pixels, ",
                                 image.channels(), " channels) is not the image that was fitted (", field.raster_width,
                                 " x ", field.raster_height, ", ", field.channels(), "); ", advice));
    }
    return image;
}

}  // namespace gsfit::cli
