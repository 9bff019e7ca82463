// One image file, decoded: upright, without an alpha channel that says nothing, scaled.

#pragma once

#include "gsfit/image.h"
#include "image/pixels.h"
#include "image/source.h"

namespace gsfit {

// The largest image without compression, max_image_pixels of 16-bit RGBA, and 2^27 bytes for what its format adds.
inline constexpr std::size_t max_file_bytes = (std::size_t{1} << 33) + (std::size_t{1} << 27);

/// In 8 or 16 bit, or in 32 as finite floats, which still are the file's values. Colours are multiplied by alpha.
struct DecodedImage {
    Pixels pixels;
    ImageMap map;  ///< `low` and `high` are the least and the most of the pixels where those are floats
};

/// Throws as read_image does.
DecodedImage decode_file(const ImageSource& source, std::int64_t resize_max, const PixelStorage& storage);

/// Of the header: its bits may be 32, and alpha counts.
ImageInfo inspect_file(const ImageSource& source, std::int64_t resize_max);

}  // namespace gsfit
