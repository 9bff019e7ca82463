// Tiles of the packed target as floats. Compiled once for each SIMD target.

#if defined(GSFIT_RASTER_TARGET_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef GSFIT_RASTER_TARGET_INL_H
#undef GSFIT_RASTER_TARGET_INL_H
#else
#define GSFIT_RASTER_TARGET_INL_H
#endif

#include <hwy/cache_control.h>

#include "raster/block-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gsfit::HWY_NAMESPACE {

/// Asks for the block's pixels, so that they arrive while its segments are built.
HWY_INLINE void prefetch_target(const Block& block, const LossJob& loss) {
    constexpr std::ptrdiff_t cache_line = 64;
    const Lattice& lattice = loss.lattice;
    for (int row = block.top; row < block.height; ++row) {
        const std::int64_t y = lattice.y + (block.y + row) * lattice.stride;
        const std::byte* first = loss.target.pixel(lattice.x + block.x * lattice.stride, y);
        const std::byte* last = loss.target.pixel(lattice.x + (block.x + block.width - 1) * lattice.stride, y);
        for (; first <= last; first += cache_line) hwy::Prefetch(first);
    }
}

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

/// Channels [first_channel, first_channel + channels) of a tile's samples: [row][channel][lane]. What lies outside the
/// lattice is left as it was.
template <int channels>
HWY_INLINE void unpack_tile(const Block& block, const LossJob& loss, int strip, int first_row, int rows, int columns,
                            float* planes) {
    const Lattice& lattice = loss.lattice;
    const std::ptrdiff_t step = lattice.stride * loss.target.channels;
    const std::int64_t x = lattice.x + (block.x + strip * lanes) * lattice.stride;
    for (int row = 0; row < rows; ++row, planes += channels * lanes) {
        const std::byte* pixel = loss.target.pixel(x, lattice.y + (block.y + first_row + row) * lattice.stride) +
                                 static_cast<std::ptrdiff_t>(block.first_channel) * (loss.target.bits / 8);
        if (loss.target.bits == 16) {
            unpack_samples<channels>(reinterpret_cast<const std::uint16_t*>(pixel), step, columns, planes);
        } else if (channels == 3 && step == 3 && columns == lanes) {
            unpack_rgb8(reinterpret_cast<const std::uint8_t*>(pixel), planes);
        } else {
            unpack_samples<channels>(reinterpret_cast<const std::uint8_t*>(pixel), step, columns, planes);
        }
    }
}

}  // namespace gsfit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
