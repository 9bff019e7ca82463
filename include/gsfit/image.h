#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "gsfit/core/views.h"

namespace gsfit {

/// An image as it came from its file: 8 or 16 bit, grey or RGB, interleaved. It stays packed; values are converted
/// where they are read.
class PackedImage {
public:
    /// Takes an image whose pixels `owner` keeps alive.
    PackedImage(const PackedView& view, std::shared_ptr<const void> owner) : view_(view), owner_(std::move(owner)) {}
    /// Copies tightly packed pixels.
    static PackedImage copy(const std::vector<std::uint8_t>& pixels, std::int64_t width, std::int64_t height,
                            int channels);

    [[nodiscard]] const PackedView& view() const { return view_; }
    [[nodiscard]] std::int64_t width() const { return view_.width; }
    [[nodiscard]] std::int64_t height() const { return view_.height; }
    [[nodiscard]] int channels() const { return view_.channels; }

private:
    PackedView view_;
    std::shared_ptr<const void> owner_;
};

/// The largest image that is read [pixels]; either side may have up to a million.
inline constexpr std::int64_t max_image_pixels = std::int64_t{1} << 30;

/// Reads PNG, JPEG, TIFF or WebP in 8 or 16 bit, grey or RGB (docs/images.md says what of each); EXIF orientation is
/// applied. The content decides on the format, not the name.
/// resize_max > 0: an image whose longer side exceeds it is scaled down to it (area filter).
/// Throws InputError: missing, unreadable, damaged, unknown format, transparent, floating point, too large.
PackedImage read_image(const std::filesystem::path& path, std::int64_t resize_max = 0);

/// The same of a file's bytes; `name` stands for the file in messages. An image of more than `max_pixels` is refused
/// before its pixels are allocated.
PackedImage decode_image(std::span<const std::byte> bytes, const std::string& name, std::int64_t resize_max = 0,
                         std::int64_t max_pixels = max_image_pixels);

/// Writes image [C,h,w] (float32 on the CPU, C = 1 or 3, any strides, values clamped to [0,1]) in the format that the
/// name's ending says, 8 bit per channel: .png, .jpg, .jpeg, .webp (lossless), .tif, .tiff, .bmp. Atomic.
/// Throws OutputError, or as check_image_output does.
void write_image(const std::filesystem::path& path, const at::Tensor& image);

/// An image that is made band by band, so that it never lies in memory as floats.
struct ImageBands {
    std::int64_t width = 0;
    std::int64_t height = 0;
    int channels = 0;
    std::function<at::Tensor(std::int64_t first, std::int64_t rows)> band;  ///< [channels,rows,width], float32
};

/// The same for an image in bands, which are asked for from the top.
void write_image(const std::filesystem::path& path, const ImageBands& image);

/// Throws UsageError when the name's ending is no image format or the format cannot hold width x height pixels: to be
/// asked before the work whose result goes there.
void check_image_output(const std::filesystem::path& path, std::int64_t width, std::int64_t height);

}  // namespace gsfit
