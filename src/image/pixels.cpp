#include "image/pixels.h"

#include <limits>
#include <span>
#include <type_traits>

namespace gsfit {
namespace {

template <class Value>
constexpr Value opaque = std::numeric_limits<Value>::max();
template <>
constexpr float opaque<float> = 1.0F;

template <class Value>
std::span<Value> row_of(const Pixels& pixels, std::int64_t y) {
    return {reinterpret_cast<Value*>(pixels.row(y)), static_cast<std::size_t>(pixels.width * pixels.channels)};
}

/// Calls `body` with a value of the pixels' type.
template <class Body>
auto with_type(const Pixels& pixels, const Body& body) {
    if (pixels.bits == 8) return body(std::uint8_t{});
    return pixels.bits == 16 ? body(std::uint16_t{}) : body(float{});
}

template <class Value>
Value product(Value colour, Value alpha) {
    if constexpr (std::is_same_v<Value, float>) {
        return colour * alpha;
    } else {
        constexpr std::uint32_t most = opaque<Value>;
        return static_cast<Value>((std::uint32_t{colour} * alpha + most / 2) / most);
    }
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

bool is_opaque(const Pixels& pixels) {
    return with_type(pixels, [&]<class Value>(Value) {
        for (std::int64_t y = 0; y < pixels.height; ++y) {
            const std::span<Value> row = row_of<Value>(pixels, y);
            const auto step = static_cast<std::size_t>(pixels.channels);
            for (std::size_t i = step - 1; i < row.size(); i += step) {
                if (row[i] < opaque<Value>) return false;
            }
            if ((y + 1) % pixels.band_rows() == 0) pixels.drop({0, y + 1});
        }
        return true;
    });
}

void remove_alpha(Pixels& pixels) {
    Pixels colours = pixels;
    --colours.channels;
    with_type(pixels, [&]<class Value>(Value) {
        for (std::int64_t y = 0; y < pixels.height; ++y) {
            const Value* from = row_of<Value>(pixels, y).data();
            for (Value* to = row_of<Value>(colours, y).data(); from != row_of<Value>(pixels, y + 1).data(); ++from) {
                for (int channel = 0; channel < colours.channels; ++channel) *to++ = *from++;
            }
            if ((y + 1) % pixels.band_rows() == 0 || y + 1 == pixels.height) pixels.drop({0, y + 1});
            colours.finish_row(y);
        }
    });
    colours.memory->shrink(colours.bytes());
    pixels = colours;
}

void multiply_by_alpha(const Pixels& pixels) {
    with_type(pixels, [&]<class Value>(Value) {
        const auto channels = static_cast<std::size_t>(pixels.channels);
        for (std::int64_t y = 0; y < pixels.height; ++y) {
            const std::span<Value> row = row_of<Value>(pixels, y);
            for (std::size_t i = 0; i < row.size(); i += channels) {
                const Value alpha = row[i + channels - 1];
                for (std::size_t c = 0; c + 1 < channels; ++c) row[i + c] = product(row[i + c], alpha);
            }
            pixels.finish_row(y);
        }
    });
}

}  // namespace gsfit
