// From an image file's bytes to pixels: the format by content, its decoder, alpha, size.

#include "image/decode.h"

#include <array>
#include <opencv2/imgproc.hpp>
#include <string_view>

#include "gsfit/image/pictures.h"
#include "image/decoders.h"
#include "image/floats.h"
#include "image/matrix.h"
#include "image/orientation.h"
#include "image/profile.h"

namespace gsfit {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t signature_bytes = 12;

OpenImage open_image(const ImageSource& source) {
    std::array<char, signature_bytes> bytes{};
    const std::string_view start(bytes.data(), source.read(0, std::as_writable_bytes(std::span(bytes))));
    const auto starts_with = [start](auto... signatures) { return (start.starts_with(signatures) || ...); };
    if (starts_with("\x89PNG\r\n\x1a\n"sv)) return open_png(source);
    if (starts_with("\xFF\xD8\xFF"sv)) return open_jpeg(source);
    if (starts_with("II*\0"sv, "MM\0*"sv, "II+\0"sv, "MM\0+"sv)) return open_tiff(source);
    if (starts_with("RIFF"sv) && start.ends_with("WEBP"sv)) return open_webp(source);
    if (starts_with("\x76\x2F\x31\x01"sv)) return open_exr(source);
    if (starts_with("#?RADIANCE"sv, "PF\n"sv, "Pf\n"sv)) {
        refuse(source, "HDR and PFM are not read; convert it to EXR or a TIFF of 32 bit floats first");
    }
    refuse(source,
           source.size() == 0 ? "it is empty" : "it is no PNG, JPEG, TIFF, WebP or EXR image; convert it first");
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

}  // namespace

DecodedImage decode_file(const ImageSource& source, std::int64_t resize_max, const PixelStorage& storage) {
    const OpenImage image = open_image(source);
    const StoredImage& stored = image.stored;
    Pixels pixels = allocate_pixels(stored.width, stored.height, stored.channels, stored.bits, storage.folder);
    image.read_pixels(pixels);
    if (pixels.bits == 32) make_finite(source, pixels);
    apply_orientation(pixels, stored.orientation, storage.folder);
    if (pixels.has_alpha()) {
        if (is_opaque(pixels)) {
            remove_alpha(pixels);
        } else if (!stored.alpha_multiplied) {
            multiply_by_alpha(pixels);
        }
    }
    const FloatRange range = pixels.bits == 32 ? range_of(pixels) : FloatRange{};  // the same whatever the size
    const PictureSize size = bounded_size(pixels.width, pixels.height, resize_max);
    if (size.width != pixels.width || size.height != pixels.height) pixels = scaled_down(pixels, size);
    return {pixels,
            {.name = std::filesystem::path(source.name()).stem().string(),
             .channels = pixels.channels,
             .alpha = pixels.has_alpha(),
             .bits = pixels.bits,
             .low = range.low,
             .high = range.high,
             .profile = usable_profile(stored.profile, stored.channels)}};
}

ImageInfo inspect_file(const ImageSource& source, std::int64_t resize_max) {
    const StoredImage stored = open_image(source).stored;
    const bool turned = swaps_sides(stored.orientation);
    const PictureSize size =
        bounded_size(turned ? stored.height : stored.width, turned ? stored.width : stored.height, resize_max);
    return {size.width, size.height, stored.channels, stored.bits};
}

}  // namespace gsfit
