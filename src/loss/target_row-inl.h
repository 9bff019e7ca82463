// Reads the packed target. Included once per SIMD target, by kernel files.
#if defined(GSFIT_LOSS_TARGET_ROW_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef GSFIT_LOSS_TARGET_ROW_INL_H_
#undef GSFIT_LOSS_TARGET_ROW_INL_H_
#else
#define GSFIT_LOSS_TARGET_ROW_INL_H_
#endif

#include <hwy/highway.h>

#include "gsfit/core/views.h"

HWY_BEFORE_NAMESPACE();
namespace gsfit::HWY_NAMESPACE {

template <class Sample>
HWY_INLINE void read_samples(const std::byte* first, std::int64_t step, std::int64_t count, float full_scale,
                             float* HWY_RESTRICT out) {
    const auto* samples = reinterpret_cast<const Sample*>(first);
    // A division, as in PackedView::value(): an image made with it compares as equal.
    for (std::int64_t j = 0; j < count; ++j) out[j] = static_cast<float>(samples[j * step]) / full_scale;
}

/// Samples [column, column + count) of a row of the lattice, one channel.
HWY_INLINE void read_target_row(const PackedView& target, const Lattice& lattice, int channel, std::int64_t row,
                                std::int64_t column, std::int64_t count, float* HWY_RESTRICT out) {
    const std::byte* first = target.pixel(lattice.x + column * lattice.stride, lattice.y + row * lattice.stride) +
                             static_cast<std::ptrdiff_t>(channel) * (target.bits / 8);
    const std::int64_t step = lattice.stride * target.channels;
    if (target.bits == 8) {
        read_samples<std::uint8_t>(first, step, count, 255.0F, out);
    } else {
        read_samples<std::uint16_t>(first, step, count, 65535.0F, out);
    }
}

}  // namespace gsfit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
