// Decoded pixels on their way from a decoder to a PackedImage.

#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>

#include "gsfit/core/views.h"

namespace gsfit {

struct FreeMemory {
    void operator()(std::byte* memory) const { std::free(memory); }
};

/// Interleaved channels, tightly packed rows, native byte order.
struct Pixels {
    // From malloc: untouched pages of a large block cost nothing, and realloc gives the tail back in place.
    std::unique_ptr<std::byte, FreeMemory> data;
    std::int64_t width = 0;
    std::int64_t height = 0;
    int channels = 0;
    int bits = 8;

    [[nodiscard]] std::size_t pixel_bytes() const {
        return static_cast<std::size_t>(channels) * static_cast<std::size_t>(bits / 8);
    }
    [[nodiscard]] std::size_t row_bytes() const { return static_cast<std::size_t>(width) * pixel_bytes(); }
    [[nodiscard]] std::size_t bytes() const { return static_cast<std::size_t>(height) * row_bytes(); }
    [[nodiscard]] std::byte* row(std::int64_t y) const {
        return data.get() + static_cast<std::size_t>(y) * row_bytes();
    }
    [[nodiscard]] PackedView view() const { return {data.get(), width, height, channels, bits, row_bytes()}; }
};

/// Pixels of undefined value. Throws std::bad_alloc.
Pixels allocate_pixels(std::int64_t width, std::int64_t height, int channels, int bits);

/// Removes the last channel of grey + alpha or RGB + alpha, in place. Returns false when any of its values is below
/// the largest one; the pixels are undefined then.
bool remove_opaque_alpha(Pixels& pixels);

}  // namespace gsfit
