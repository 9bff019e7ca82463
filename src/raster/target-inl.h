// A block of the packed target as float planes. Compiled once for each SIMD target.

#if defined(GSFIT_RASTER_TARGET_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef GSFIT_RASTER_TARGET_INL_H
#undef GSFIT_RASTER_TARGET_INL_H
#else
#define GSFIT_RASTER_TARGET_INL_H
#endif

#include "raster/block-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gsfit::HWY_NAMESPACE {

/// Up to `lanes` samples of a row, `step` values of type T apart, into one float plane for each channel.
template <int channels, class T>
HWY_INLINE void unpack_samples(const T* pixel, std::ptrdiff_t step, int count, float* planes) {
    constexpr float scale = 1.0F / (sizeof(T) == 1 ? 255.0F : 65535.0F);
    for (int i = 0; i < count; ++i, pixel += step) {
        for (int c = 0; c < channels; ++c) planes[c * lanes + i] = scale * static_cast<float>(pixel[c]);
    }
}

/// A full vector of adjacent 8-bit RGB pixels.
HWY_INLINE void unpack_rgb8(const std::uint8_t* pixels, float* planes) {
    const D d;
    const hn::Rebind<std::uint8_t, D> d8;
    const hn::RebindToSigned<D> d32;
    const V scale = hn::Set(d, 1.0F / 255.0F);
    hn::Vec<decltype(d8)> red, green, blue;
    hn::LoadInterleaved3(d8, pixels, red, green, blue);
    hn::Store(scale * hn::ConvertTo(d, hn::PromoteTo(d32, red)), d, planes);
    hn::Store(scale * hn::ConvertTo(d, hn::PromoteTo(d32, green)), d, planes + lanes);
    hn::Store(scale * hn::ConvertTo(d, hn::PromoteTo(d32, blue)), d, planes + 2 * lanes);
}

/// Channels [first_channel, first_channel + channels) of the block's samples: [strip][row][channel][lane]; what lies
/// outside the lattice is left as it was.
template <int channels>
HWY_INLINE void unpack_target(const Block& block, const LossJob& loss, float* planes) {
    const Lattice& lattice = loss.lattice;
    const std::ptrdiff_t step = lattice.stride * loss.target.channels;
    const bool adjacent_rgb8 = channels == 3 && step == 3 && loss.target.bits == 8;
    for (int row = 0; row < block.height; ++row) {
        const std::byte* first =
            loss.target.pixel(lattice.x + block.x * lattice.stride, lattice.y + (block.y + row) * lattice.stride) +
            static_cast<std::ptrdiff_t>(block.first_channel) * (loss.target.bits / 8);
        for (int column = 0; column < block.width; column += lanes) {
            const int count = std::min(lanes, block.width - column);
            float* out = planes + static_cast<std::ptrdiff_t>(column / lanes * block_size + row) * channels * lanes;
            if (loss.target.bits == 16) {
                unpack_samples<channels>(reinterpret_cast<const std::uint16_t*>(first) + column * step, step, count, out);
            } else if (const auto* bytes = reinterpret_cast<const std::uint8_t*>(first) + column * step;
                       adjacent_rgb8 && count == lanes) {
                unpack_rgb8(bytes, out);
            } else {
                unpack_samples<channels>(bytes, step, count, out);
            }
        }
    }
}

}  // namespace gsfit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
