#include "image/pixels.h"

#include <limits>

namespace gsfit {
namespace {

/// Moves the colours of row y to where they lie without alpha. Returns whether all alpha is `opaque`.
template <class Value>
bool compact_row(const Pixels& pixels, const Pixels& colours, std::int64_t y) {
    const auto* source = reinterpret_cast<const Value*>(pixels.row(y));
    auto* target = reinterpret_cast<Value*>(colours.row(y));
    constexpr Value opaque = std::numeric_limits<Value>::max();
    Value alpha = opaque;
    for (std::int64_t x = 0; x < pixels.width; ++x) {
        for (int channel = 0; channel < colours.channels; ++channel) *target++ = *source++;
        alpha &= *source++;
    }
    return alpha == opaque;
}

}  // namespace

void Pixels::drop(const Rows& rows) const {
    memory->drop(static_cast<std::size_t>(rows.first) * row_bytes(),
                 static_cast<std::size_t>(rows.count) * row_bytes());
}

void Pixels::finish_row(std::int64_t y) const {
    const std::int64_t band = band_rows();
    const std::int64_t end = y + 1;
    if (end % band != 0 && end != height) return;
    const std::int64_t first = y / band * band;
    memory->store(static_cast<std::size_t>(first) * row_bytes(), static_cast<std::size_t>(end - first) * row_bytes(),
                  static_cast<std::size_t>(std::min(first, band)) * row_bytes());
}

Pixels allocate_pixels(std::int64_t width, std::int64_t height, int channels, int bits,
                       const std::filesystem::path& folder) {
    Pixels pixels{nullptr, width, height, channels, bits};
    pixels.memory = std::make_shared<PixelMemory>(pixels.bytes(), folder);
    return pixels;
}

bool remove_opaque_alpha(Pixels& pixels) {
    Pixels colours = pixels;
    --colours.channels;
    const auto compact = pixels.bits == 8 ? compact_row<std::uint8_t> : compact_row<std::uint16_t>;
    for (std::int64_t y = 0; y < pixels.height; ++y) {
        if (!compact(pixels, colours, y)) return false;
        if ((y + 1) % pixels.band_rows() == 0 || y + 1 == pixels.height) pixels.drop({0, y + 1});
        colours.finish_row(y);
    }
    colours.memory->shrink(colours.bytes());
    pixels = colours;
    return true;
}

}  // namespace gsfit
