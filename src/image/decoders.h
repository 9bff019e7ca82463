// One decoder for each file format. All give pixels with an alpha channel when the file has one; all refuse what they
// cannot decode completely and keep third-party messages off stderr.

#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "image/pixels.h"
#include "image/source.h"

namespace gsfit {

/// What a header says of the pixels.
struct StoredImage {
    std::int64_t width = 0;
    std::int64_t height = 0;
    int channels = 0;                  ///< with alpha
    int bits = 8;                      ///< 8 or 16, or 32 for floats
    int orientation = 1;               ///< 1 to 8, as EXIF has it: what makes these pixels upright
    std::vector<std::byte> profile{};  ///< ICC, as the file has it
    bool alpha_multiplied = false;     ///< the colours are already multiplied by alpha
};

/// An image file of which the header has been read. The source must outlive it.
struct OpenImage {
    StoredImage stored;
    std::function<void(const Pixels& pixels)> read_pixels;  ///< once, into pixels as `stored` says
};

OpenImage open_png(const ImageSource& source);
OpenImage open_jpeg(const ImageSource& source);
OpenImage open_tiff(const ImageSource& source);
OpenImage open_webp(const ImageSource& source);
OpenImage open_exr(const ImageSource& source);

}  // namespace gsfit
