#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <memory>
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

/// Reads PNG, JPEG, TIFF or WebP in 8 or 16 bit, grey or RGB; EXIF orientation is applied.
/// resize_max > 0: an image whose longer side exceeds it is scaled down to it (area filter).
/// Throws InputError: missing, unreadable, damaged, unknown format, transparent, floating point, too large.
PackedImage read_image(const std::filesystem::path& path, std::int64_t resize_max = 0);

/// Writes image [C,h,w] (float32, C = 1 or 3, values clamped to [0,1]) in the format that the name's ending says, 8 bit
/// per channel. Atomic. Throws OutputError, or UsageError when the ending is no image format.
void write_image(const std::filesystem::path& path, const at::Tensor& image);

}  // namespace gsfit
