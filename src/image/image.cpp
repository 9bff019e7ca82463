// From an image file's bytes to a packed target: the format by content, its decoder, alpha, size.

#include "gsfit/image.h"

#include <algorithm>
#include <array>
#include <opencv2/imgproc.hpp>
#include <string_view>

#include "gsfit/core/error.h"
#include "gsfit/image/pictures.h"
#include "image/decoders.h"
#include "image/matrix.h"
#include "image/orientation.h"
#include "image/pack.h"

namespace gsfit {
namespace {

using namespace std::string_view_literals;

// The largest image without compression, max_image_pixels of 16-bit RGBA, and 2^27 bytes for what its format adds.
constexpr std::size_t max_file_bytes = (std::size_t{1} << 33) + (std::size_t{1} << 27);
constexpr std::size_t signature_bytes = 12;

OpenImage open_image(const ImageSource& source) {
    std::array<char, signature_bytes> bytes{};
    const std::string_view start(bytes.data(), source.read(0, std::as_writable_bytes(std::span(bytes))));
    const auto starts_with = [start](auto... signatures) { return (start.starts_with(signatures) || ...); };
    if (starts_with("\x89PNG\r\n\x1a\n"sv)) return open_png(source);
    if (starts_with("\xFF\xD8\xFF"sv)) return open_jpeg(source);
    if (starts_with("II*\0"sv, "MM\0*"sv, "II+\0"sv, "MM\0+"sv)) return open_tiff(source);
    if (starts_with("RIFF"sv) && start.ends_with("WEBP"sv)) return open_webp(source);
    if (starts_with("\x76\x2F\x31\x01"sv, "#?RADIANCE"sv, "PF\n"sv, "Pf\n"sv)) {
        refuse(source, "its values are floating point (EXR, HDR or PFM); convert it to a 16 bit PNG first");
    }
    refuse(source, source.size() == 0 ? "it is empty" : "it is no PNG, JPEG, TIFF or WebP image; convert it first");
}

void remove_alpha(const ImageSource& source, Pixels& pixels) {
    if (pixels.channels % 2 == 0 && !remove_opaque_alpha(pixels)) {
        refuse(source,
               "it has transparent pixels, which this version does not fit; flatten it onto a background first");
    }
}

/// Of an image that is shown when `resize_max` bounds its longer side, unless that is 0.
PictureSize bounded_size(std::int64_t width, std::int64_t height, std::int64_t resize_max) {
    return resize_max > 0 ? picture_size(width, height, resize_max) : PictureSize{width, height};
}

/// In memory.
Pixels scaled_down(const Pixels& pixels, const PictureSize& size) {
    Pixels result = allocate_pixels(size.width, size.height, pixels.channels, pixels.bits);
    cv::Mat target = matrix_of(result);
    cv::setNumThreads(1);  // the cores belong to gsfit's own pool
    cv::resize(matrix_of(pixels), target, target.size(), 0, 0, cv::INTER_AREA);
    return result;
}

PackedImage decode(const ImageSource& source, std::int64_t resize_max, const PixelStorage& storage) {
    const OpenImage image = open_image(source);
    const StoredImage& stored = image.stored;
    Pixels pixels = allocate_pixels(stored.width, stored.height, stored.channels, stored.bits, storage.folder);
    image.read_pixels(pixels);
    apply_orientation(pixels, stored.orientation, storage.folder);
    remove_alpha(source, pixels);
    const PictureSize size = bounded_size(pixels.width, pixels.height, resize_max);
    if (size.width != pixels.width || size.height != pixels.height) pixels = scaled_down(pixels, size);
    return pack(pixels);
}

}  // namespace

ImageInfo inspect_image(const std::filesystem::path& path, std::int64_t resize_max) {
    const ImageSource source(path, max_file_bytes, max_image_pixels);
    const StoredImage stored = open_image(source).stored;
    const bool turned = swaps_sides(stored.orientation);
    const PictureSize size =
        bounded_size(turned ? stored.height : stored.width, turned ? stored.width : stored.height, resize_max);
    return {size.width, size.height, stored.channels < 3 ? 1 : 3, stored.bits};
}

PackedImage decode_image(std::span<const std::byte> bytes, const std::string& name, std::int64_t resize_max,
                         std::int64_t max_pixels) {
    return decode(ImageSource(bytes, name, max_pixels), resize_max, {});
}

PackedImage read_image(const std::filesystem::path& path, std::int64_t resize_max, const PixelStorage& storage) {
    return decode(ImageSource(path, max_file_bytes, max_image_pixels), resize_max, storage);
}

}  // namespace gsfit
