// Reads rows of the image and of the packed target, writes rows of the gradient. Included once per SIMD target, by
// kernel files.
#if defined(GSFIT_LOSS_ROWS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef GSFIT_LOSS_ROWS_INL_H_
#undef GSFIT_LOSS_ROWS_INL_H_
#else
#define GSFIT_LOSS_ROWS_INL_H_
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <cstring>

#include "gsfit/core/half-inl.h"
#include "loss/comparison.h"

HWY_BEFORE_NAMESPACE();
namespace gsfit::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using D = hn::CappedTag<float, 16>;
using V = hn::Vec<D>;

/// Widths of buffers are multiples of this, so that whole vectors can be stored.
constexpr std::int64_t lanes_max = 16;
constexpr std::int64_t padded(std::int64_t columns) { return (columns + lanes_max - 1) / lanes_max * lanes_max; }

template <class Sample>
HWY_INLINE void read_samples(const std::byte* first, std::int64_t step, std::int64_t count, float* HWY_RESTRICT out) {
    const auto* samples = reinterpret_cast<const Sample*>(first);
    for (std::int64_t j = 0; j < count; ++j) out[j] = static_cast<float>(samples[j * step]);
}

/// One of the three values of adjacent 8-bit pixels.
HWY_INLINE void read_rgb8(const std::byte* first, int channel, std::int64_t count, float* HWY_RESTRICT out) {
    const D d;
    const hn::Rebind<std::uint8_t, D> d8;
    const hn::RebindToSigned<D> d32;
    const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
    const auto* samples = reinterpret_cast<const std::uint8_t*>(first);
    std::int64_t j = 0;
    for (; j + lanes <= count; j += lanes) {
        hn::Vec<decltype(d8)> values[3];
        hn::LoadInterleaved3(d8, samples + 3 * j, values[0], values[1], values[2]);
        hn::StoreU(hn::ConvertTo(d, hn::PromoteTo(d32, values[channel])), d, out + j);
    }
    read_samples<std::uint8_t>(first + 3 * j + channel, 3, count - j, out + j);
}

/// Samples [column, column + count) of a row of the lattice, one channel.
HWY_INLINE void read_target_row(const PackedView& target, const Lattice& lattice, int channel, std::int64_t row,
                                std::int64_t column, std::int64_t count, float* HWY_RESTRICT out) {
    const std::byte* pixel = target.pixel(lattice.x + column * lattice.stride, lattice.y + row * lattice.stride);
    const std::byte* first = pixel + static_cast<std::ptrdiff_t>(channel) * (target.bits / 8);
    const std::int64_t step = lattice.stride * target.channels;
    if (target.bits == 16) {
        read_samples<std::uint16_t>(first, step, count, out);
    } else if (target.channels == 3 && step == 3) {
        read_rgb8(pixel, channel, count, out);
    } else {
        read_samples<std::uint8_t>(first, step, count, out);
    }
    // A division, as in PackedView::value(): an image made with it compares as equal.
    const float full_scale = target.bits == 8 ? 255.0F : 65535.0F;
    for (std::int64_t j = 0; j < count; ++j) out[j] /= full_scale;
}

/// Samples [column, column + count) of a row of both images as floats, zero outside the lattice.
template <std::int64_t count>
HWY_INLINE void read_rows(const Comparison& comparison, int channel, std::int64_t row, std::int64_t column,
                          float* HWY_RESTRICT image, float* HWY_RESTRICT target) {
    static_assert(count % lanes_max == 0);
    const D d;
    const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
    const Lattice& lattice = comparison.lattice;
    const std::int64_t begin = std::clamp<std::int64_t>(-column, 0, count);
    const std::int64_t end = std::clamp<std::int64_t>(lattice.width - column, begin, count);
    if (end - begin < count) {
        std::fill_n(image, count, 0.0F);
        std::fill_n(target, count, 0.0F);
    }
    const std::byte* first = comparison.image.at(channel, row, column + begin);
    const auto inside = static_cast<std::size_t>(end - begin);
    if (comparison.image.half) {
        alignas(64) std::uint16_t halves[count] = {};
        std::memcpy(halves + begin, first, inside * sizeof(std::uint16_t));
        for (std::int64_t c = 0; c < count; c += lanes) hn::Store(load_half(d, halves + c), d, image + c);
    } else {
        std::memcpy(image + begin, first, inside * sizeof(float));
    }
    read_target_row(comparison.target, lattice, channel, row, column + begin, end - begin, target + begin);
}

/// The first `count` values into a row of the gradient from `column` on; overflow of float16 makes infinity.
template <std::int64_t size>
HWY_INLINE void write_row(const float (&values)[size], std::int64_t count, const Planar<std::byte>& gradient,
                          int channel, std::int64_t row, std::int64_t column) {
    static_assert(size % lanes_max == 0);
    const D d;
    const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
    std::byte* first = gradient.at(channel, row, column);
    if (gradient.half) {
        alignas(64) std::uint16_t halves[size];
        for (std::int64_t c = 0; c < count; c += lanes) store_half(hn::Load(d, values + c), d, halves + c);
        std::memcpy(first, halves, static_cast<std::size_t>(count) * sizeof(std::uint16_t));
    } else {
        std::memcpy(first, values, static_cast<std::size_t>(count) * sizeof(float));
    }
}

}  // namespace gsfit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
