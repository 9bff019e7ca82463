#pragma once

#include <ATen/core/Tensor.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "gsfit/core/picture.h"
#include "gsfit/image.h"

namespace gsfit {

/// What people look at of an image [C,h,w] (float32 on the CPU, clamped to [0,1]) of these maps: grey and RGB as they
/// are, several maps in a grid, alpha as one of its own. Without maps: one picture for every three channels and one for
/// each that is left over.
Picture picture_of(const at::Tensor& image, const ImageMaps& maps = {});

/// The same of an image that is made band by band.
Picture picture_of(const ImageBands& image, const ImageMaps& maps = {});

/// The same of an image as it came from its file, scaled to width x height: averaged where it shrinks, each pixel a
/// square where it grows. Reads it row by row, so that a mapped one does not become resident.
Picture picture_of(const PackedImage& image, std::int64_t width, std::int64_t height);

/// Size of a picture that keeps the aspect of width x height and fits into a square of `most` pixels a side; at least 1
/// pixel a side, never larger than the image.
struct PictureSize {
    std::int64_t width = 0;
    std::int64_t height = 0;
};
PictureSize picture_size(std::int64_t width, std::int64_t height, std::int64_t most);

/// JPEG of quality 95. Throws Error when a side is not 1 to 65500 pixels.
std::vector<std::byte> encode_jpeg(const Picture& picture);

/// Throws InputError, naming the picture `name`, when the bytes are no JPEG (or other image that read_image reads).
Picture decode_picture(const std::vector<std::byte>& bytes, const std::string& name);

}  // namespace gsfit
