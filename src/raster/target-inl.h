// Rows of the packed target as floats. Compiled once for each SIMD target.

#if defined(GSFIT_RASTER_TARGET_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef GSFIT_RASTER_TARGET_INL_H
#undef GSFIT_RASTER_TARGET_INL_H
#else
#define GSFIT_RASTER_TARGET_INL_H
#endif

#include <hwy/cache_control.h>

#include <cstring>

#include "raster/block-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gsfit::HWY_NAMESPACE {

/// Asks for the block's pixels, so that they arrive while its segments are built.
HWY_INLINE void prefetch_target(const Block& block, const LossJob& loss) {
    constexpr std::ptrdiff_t cache_line = 64;
    const Lattice& lattice = loss.lattice;
    const std::ptrdiff_t step = std::max(cache_line, lattice.stride * loss.target.channels * (loss.target.bits / 8));
    for (int row = block.top; row < block.height; ++row) {
        const std::int64_t y = lattice.y + (block.y + row) * lattice.stride;
        const std::byte* first = loss.target.pixel(lattice.x + block.x * lattice.stride, y);
        const std::byte* last = loss.target.pixel(lattice.x + (block.x + block.width - 1) * lattice.stride, y);
        for (; first <= last; first += step) hwy::Prefetch(first);
    }
}

/// Whether a block's samples are read straight from the target: rows of adjacent 8-bit RGB pixels.
template <int channels>
HWY_INLINE bool reads_rgb8(const Block& block, const LossJob& loss) {
    return channels == 3 && loss.target.bits == 8 && loss.lattice.stride * loss.target.channels == 3 &&
           block.width % lanes == 0;
}

/// Gathers a block's 8-bit samples, a word for each: [strip][row][lane]. The vectors are read so much later that the
/// single stores before them are in the cache.
template <int channels>
HWY_INLINE void gather_words(const Block& block, const LossJob& loss, std::uint32_t* words) {
    const Lattice& lattice = loss.lattice;
    const std::ptrdiff_t step = lattice.stride * loss.target.channels;
    for (int row = block.top; row < block.height; ++row) {
        const std::byte* pixel =
            loss.target.pixel(lattice.x + block.x * lattice.stride, lattice.y + (block.y + row) * lattice.stride) +
            block.first_channel;
        for (int first = 0; first < block.width; first += lanes) {
            std::uint32_t* word = words + first * block_size + row * lanes;
            const int columns = std::min(lanes, block.width - first);
            for (int i = 0; i < columns; ++i, pixel += step) std::memcpy(word + i, pixel, channels);
        }
    }
}

template <int channels>
HWY_INLINE void unpack_words(const std::uint32_t* words, V* values) {
    const D d;
    const hn::RebindToSigned<D> d32;
    const auto all = hn::LoadU(d32, reinterpret_cast<const std::int32_t*>(words));
    const auto byte = hn::Set(d32, 255);
    const V scale = hn::Set(d, 1.0F / 255.0F);
    values[0] = scale * hn::ConvertTo(d, hn::And(all, byte));
    if constexpr (channels > 1) values[1] = scale * hn::ConvertTo(d, hn::And(hn::ShiftRight<8>(all), byte));
    if constexpr (channels > 2) values[2] = scale * hn::ConvertTo(d, hn::And(hn::ShiftRight<16>(all), byte));
    if constexpr (channels > 3) values[3] = scale * hn::ConvertTo(d, hn::And(hn::ShiftRight<24>(all), byte));
}

/// Up to `lanes` 16-bit samples of a row, `step` values apart, one vector for each channel; 0 beyond them.
template <int channels>
HWY_INLINE void unpack_values(const std::uint16_t* pixel, std::ptrdiff_t step, int count, V* values) {
    const D d;
    constexpr float scale = 1.0F / 65535.0F;
    HWY_ALIGN_MAX float planes[channels * lanes] = {};
    for (int i = 0; i < count; ++i, pixel += step) {
        for (int c = 0; c < channels; ++c) planes[c * lanes + i] = scale * static_cast<float>(pixel[c]);
    }
    GSFIT_UNROLL
    for (int c = 0; c < channels; ++c) values[c] = hn::Load(d, planes + c * lanes);
}

#if HWY_TARGET <= HWY_AVX3
/// A full vector of adjacent 8-bit RGB pixels: 12 bytes go to each 16, and each channel is picked from there as
/// integers.
HWY_INLINE void unpack_rgb8(const std::uint8_t* pixels, V* values) {
    const D d;
    const hn::RebindToSigned<D> d32;
    const hn::Repartition<std::uint8_t, D> d8;
    HWY_ALIGN static constexpr std::int32_t words[lanes] = {0, 1, 2, 2, 3, 4, 5, 5, 6, 7, 8, 8, 9, 10, 11, 11};
    HWY_ALIGN static constexpr std::uint8_t reds[16] = {0, 255, 255, 255, 3, 255, 255, 255,
                                                        6, 255, 255, 255, 9, 255, 255, 255};
    const auto packed =
        hn::MaskedLoad(hn::FirstN(d32, 3 * lanes / 4), d32, reinterpret_cast<const std::int32_t*>(pixels));
    const auto apart = hn::BitCast(d8, hn::TableLookupLanes(packed, hn::SetTableIndices(d32, words)));
    const auto red = hn::LoadDup128(d8, reds);
    const V scale = hn::Set(d, 1.0F / 255.0F);
    GSFIT_UNROLL
    for (int c = 0; c < 3; ++c) {
        // 255 stays a number that picks nothing.
        const auto picked = hn::TableLookupBytesOr0(apart, red + hn::BitCast(d8, hn::Set(d32, c)));
        values[c] = scale * hn::ConvertTo(d, hn::BitCast(d32, picked));
    }
}
#else
/// A full vector of adjacent 8-bit RGB pixels.
HWY_INLINE void unpack_rgb8(const std::uint8_t* pixels, V* values) {
    const D d;
    const hn::Rebind<std::uint8_t, D> d8;
    const hn::RebindToSigned<D> d32;
    const V scale = hn::Set(d, 1.0F / 255.0F);
    hn::Vec<decltype(d8)> red, green, blue;
    hn::LoadInterleaved3(d8, pixels, red, green, blue);
    values[0] = scale * hn::ConvertTo(d, hn::PromoteTo(d32, red));
    values[1] = scale * hn::ConvertTo(d, hn::PromoteTo(d32, green));
    values[2] = scale * hn::ConvertTo(d, hn::PromoteTo(d32, blue));
}
#endif

/// Channels [first_channel, first_channel + channels) of a block's samples in the target.
template <int channels>
class TargetRows {
public:
    /// The words of `memory` are the block's until it is drawn.
    HWY_INLINE TargetRows(const Block& block, const LossJob& loss, Scratch& memory) : block_(block), loss_(loss) {
        if (loss.target.bits != 8 || reads_rgb8<channels>(block, loss)) return;
        gather_words<channels>(block, loss, memory.target);
        words_ = memory.target;
    }

    /// A strip's samples in a row; anything beyond its `columns`.
    HWY_INLINE void read(int strip, int row, int columns, V* values) const {
        if (words_ != nullptr) {
            unpack_words<channels>(words_ + (strip * block_size + row) * lanes, values);
            return;
        }
        const Lattice& lattice = loss_.lattice;
        const std::int64_t x = lattice.x + (block_.x + strip * lanes) * lattice.stride;
        const std::byte* pixel = loss_.target.pixel(x, lattice.y + (block_.y + row) * lattice.stride);
        if constexpr (channels == 3) {
            if (loss_.target.bits == 8) return unpack_rgb8(reinterpret_cast<const std::uint8_t*>(pixel), values);
        }
        unpack_values<channels>(reinterpret_cast<const std::uint16_t*>(pixel) + block_.first_channel,
                                lattice.stride * loss_.target.channels, columns, values);
    }

private:
    const Block& block_;
    const LossJob& loss_;
    const std::uint32_t* words_ = nullptr;  // where they were gathered
};

}  // namespace gsfit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
