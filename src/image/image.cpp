// From an image file's bytes to a packed target: the format by content, its decoder, alpha, size.

#include "gsfit/image.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <fstream>
#include <opencv2/imgproc.hpp>
#include <string_view>
#include <system_error>

#include "gsfit/core/error.h"
#include "gsfit/core/file.h"
#include "image/decoders.h"
#include "image/matrix.h"

namespace gsfit {
namespace {

using namespace std::string_view_literals;

// The largest image without compression, max_image_pixels of 16-bit RGBA, and 2^27 bytes for what its format adds.
constexpr std::size_t max_file_bytes = (std::size_t{1} << 33) + (std::size_t{1} << 27);
constexpr std::size_t signature_bytes = 12;

using Decoder = Pixels (*)(const ImageSource&);

/// The decoder for a file that starts so; throws InputError when there is none.
Decoder find_decoder(const ImageSource& source) {
    const std::string_view start(reinterpret_cast<const char*>(source.bytes.data()),
                                 std::min(source.bytes.size(), signature_bytes));
    const auto starts_with = [start](auto... signatures) { return (start.starts_with(signatures) || ...); };
    if (starts_with("\x89PNG\r\n\x1a\n"sv)) return decode_png;
    if (starts_with("\xFF\xD8\xFF"sv)) return decode_jpeg;
    if (starts_with("II*\0"sv, "MM\0*"sv, "II+\0"sv, "MM\0+"sv)) return decode_tiff;
    if (starts_with("RIFF"sv) && start.ends_with("WEBP"sv)) return decode_webp;
    if (starts_with("\x76\x2F\x31\x01"sv, "#?RADIANCE"sv, "PF\n"sv, "Pf\n"sv)) {
        refuse(source, "its values are floating point (EXR, HDR or PFM); convert it to a 16 bit PNG first");
    }
    refuse(source, source.bytes.empty() ? "it is empty" : "it is no PNG, JPEG, TIFF or WebP image; convert it first");
}

/// Refuses a file of another kind, however large, by its first bytes. A file without them is left to read_file.
void check_signature(const std::filesystem::path& path) {
    std::error_code error;
    if (!std::filesystem::is_regular_file(path, error)) return;
    std::array<char, signature_bytes> start{};
    if (std::ifstream(path, std::ios::binary).read(start.data(), start.size())) {
        find_decoder({std::as_bytes(std::span(start)), path.string(), max_image_pixels});
    }
}

void remove_alpha(const ImageSource& source, Pixels& pixels) {
    if (pixels.channels % 2 == 0 && !remove_opaque_alpha(pixels)) {
        refuse(source,
               "it has transparent pixels, which this version does not fit; flatten it onto a background first");
    }
}

Pixels scaled_down(const Pixels& pixels, std::int64_t longer_side) {
    const double scale = static_cast<double>(longer_side) / static_cast<double>(std::max(pixels.width, pixels.height));
    const auto scaled = [scale](std::int64_t side) {
        return std::max<std::int64_t>(1, std::llround(static_cast<double>(side) * scale));
    };
    Pixels result = allocate_pixels(scaled(pixels.width), scaled(pixels.height), pixels.channels, pixels.bits);
    cv::Mat target = matrix_of(result);
    cv::setNumThreads(1);  // the cores belong to gsfit's own pool
    cv::resize(matrix_of(pixels), target, target.size(), 0, 0, cv::INTER_AREA);
    return result;
}

PackedImage pack(Pixels pixels) {
    const PackedView view = pixels.view();
    return {view, std::shared_ptr<const void>(std::move(pixels.data))};
}

}  // namespace

PackedImage PackedImage::copy(const std::vector<std::uint8_t>& pixels, std::int64_t width, std::int64_t height,
                              int channels) {
    Pixels copied = allocate_pixels(width, height, channels, 8);
    if (pixels.size() != copied.bytes()) throw Error("an image's pixels do not fill its width, height and channels");
    std::memcpy(copied.data.get(), pixels.data(), pixels.size());
    return pack(std::move(copied));
}

PackedImage decode_image(std::span<const std::byte> bytes, const std::string& name, std::int64_t resize_max,
                         std::int64_t max_pixels) {
    const ImageSource source{bytes, name, max_pixels};
    Pixels pixels = find_decoder(source)(source);
    remove_alpha(source, pixels);
    if (resize_max > 0 && std::max(pixels.width, pixels.height) > resize_max) pixels = scaled_down(pixels, resize_max);
    return pack(std::move(pixels));
}

PackedImage read_image(const std::filesystem::path& path, std::int64_t resize_max) {
    check_signature(path);
    return decode_image(read_file(path, max_file_bytes), path.string(), resize_max);
}

}  // namespace gsfit
