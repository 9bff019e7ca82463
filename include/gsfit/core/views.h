#pragma once

#include <cstddef>
#include <cstdint>

namespace gsfit {

/// The most channels that an image, and so a Gaussian, may have.
inline constexpr int max_channels = 64;

/// Rows [first, first + count) of a lattice.
struct Rows {
    std::int64_t first = 0;
    std::int64_t count = 0;
};

/// The samples of a raster that a render covers: sample (column j, row i) is the raster's pixel
/// (x + j * stride, y + i * stride). The whole image is {W, H, 0, 0, W, H, 1}; a crop has another origin and size, a
/// sub-lattice a stride above 1 and its phase in x and y.
struct Lattice {
    std::int64_t raster_width = 0;   ///< of the full raster [pixels]
    std::int64_t raster_height = 0;  ///< of the full raster [pixels]
    std::int64_t x = 0;              ///< pixel of the first sample
    std::int64_t y = 0;              ///< pixel of the first sample
    std::int64_t width = 0;          ///< [samples]
    std::int64_t height = 0;         ///< [samples]
    std::int64_t stride = 1;         ///< [pixels] between samples

    [[nodiscard]] std::int64_t samples() const { return width * height; }

    /// Every pixel of a width x height raster.
    static Lattice whole(std::int64_t width, std::int64_t height) { return {width, height, 0, 0, width, height, 1}; }

    /// The pixels of phase (x, y), 0 <= x, y < stride, of a width x height raster.
    static Lattice phase(std::int64_t width, std::int64_t height, std::int64_t stride, std::int64_t x, std::int64_t y) {
        return {width, height, x, y, (width - x + stride - 1) / stride, (height - y + stride - 1) / stride, stride};
    }

    /// These rows of this lattice.
    [[nodiscard]] Lattice band(const Rows& rows) const {
        return {raster_width, raster_height, x, y + rows.first * stride, width, rows.count, stride};
    }
};

/// Read-only view of an image as it is stored: interleaved channels, 8 or 16 bit, native byte order, rows of
/// `row_bytes` bytes. Value v stands for v / 255 or v / 65535.
struct PackedView {
    const std::byte* data = nullptr;
    std::int64_t width = 0;
    std::int64_t height = 0;
    int channels = 0;  ///< 1 to max_channels
    int bits = 8;      ///< 8 or 16
    std::size_t row_bytes = 0;

    [[nodiscard]] const std::byte* pixel(std::int64_t x, std::int64_t y) const {
        return data + static_cast<std::size_t>(y) * row_bytes +
               static_cast<std::size_t>(x * channels) * static_cast<std::size_t>(bits / 8);
    }
    [[nodiscard]] float value(std::int64_t x, std::int64_t y, int channel) const {
        return bits == 8 ? static_cast<float>(reinterpret_cast<const std::uint8_t*>(pixel(x, y))[channel]) / 255.0F
                         : static_cast<float>(reinterpret_cast<const std::uint16_t*>(pixel(x, y))[channel]) / 65535.0F;
    }
};

}  // namespace gsfit
