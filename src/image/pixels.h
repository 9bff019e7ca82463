// Decoded pixels on their way from a decoder to a PackedImage.

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>

#include "gsfit/core/views.h"
#include "image/pixel_memory.h"

namespace gsfit {

/// Interleaved channels, tightly packed rows, native byte order.
struct Pixels {
    std::shared_ptr<PixelMemory> memory;
    std::int64_t width = 0;
    std::int64_t height = 0;
    int channels = 0;
    int bits = 8;  ///< 8 or 16, or 32 for floats

    [[nodiscard]] bool has_alpha() const { return channels % 2 == 0; }  ///< before images are put together

    [[nodiscard]] std::size_t pixel_bytes() const {
        return static_cast<std::size_t>(channels) * static_cast<std::size_t>(bits / 8);
    }
    [[nodiscard]] std::size_t row_bytes() const { return static_cast<std::size_t>(width) * pixel_bytes(); }
    [[nodiscard]] std::size_t bytes() const { return static_cast<std::size_t>(height) * row_bytes(); }
    [[nodiscard]] std::byte* row(std::int64_t y) const {
        return memory->data() + static_cast<std::size_t>(y) * row_bytes();
    }
    /// Of pixels in 8 or 16 bit.
    [[nodiscard]] PackedView view() const { return {memory->data(), width, height, channels, bits, row_bytes()}; }

    /// As many rows as are made before they leave the resident set: some 16 MiB.
    [[nodiscard]] std::int64_t band_rows() const {
        return std::max<std::int64_t>(1, (std::int64_t{1} << 24) / static_cast<std::int64_t>(row_bytes()));
    }
    /// The pages of these rows leave the resident set.
    void drop(const Rows& rows) const;
    /// To be called as each row has been written, from the top down: in a file, no more than some bands of rows are
    /// resident or still to be stored. Throws OutputError.
    void finish_row(std::int64_t y) const;
};

/// Pixels of undefined value, in memory or in a file in `folder`; throws as PixelMemory does.
Pixels allocate_pixels(std::int64_t width, std::int64_t height, int channels, int bits,
                       const std::filesystem::path& folder = {});

// Of grey + alpha or RGB + alpha, in place.

/// Whether alpha is 1 everywhere.
bool is_opaque(const Pixels& pixels);
void remove_alpha(Pixels& pixels);
void multiply_by_alpha(const Pixels& pixels);

}  // namespace gsfit
