#include "image/pixels.h"

#include <limits>
#include <new>

namespace gsfit {
namespace {

template <class Value>
bool compact(Pixels& pixels) {
    const auto* source = reinterpret_cast<const Value*>(pixels.data.get());
    auto* target = reinterpret_cast<Value*>(pixels.data.get());
    const int colours = pixels.channels - 1;
    Value alpha = std::numeric_limits<Value>::max();
    for (std::int64_t i = 0; i < pixels.width * pixels.height; ++i) {
        for (int channel = 0; channel < colours; ++channel) *target++ = *source++;
        alpha &= *source++;
    }
    return alpha == std::numeric_limits<Value>::max();
}

}  // namespace

Pixels allocate_pixels(std::int64_t width, std::int64_t height, int channels, int bits) {
    Pixels pixels{nullptr, width, height, channels, bits};
    pixels.data.reset(static_cast<std::byte*>(std::malloc(pixels.bytes())));
    if (!pixels.data) throw std::bad_alloc();
    return pixels;
}

bool remove_opaque_alpha(Pixels& pixels) {
    const bool opaque = pixels.bits == 8 ? compact<std::uint8_t>(pixels) : compact<std::uint16_t>(pixels);
    --pixels.channels;
    if (auto* shrunk = static_cast<std::byte*>(std::realloc(pixels.data.get(), pixels.bytes()))) {
        static_cast<void>(pixels.data.release());
        pixels.data.reset(shrunk);
    }
    return opaque;
}

}  // namespace gsfit
