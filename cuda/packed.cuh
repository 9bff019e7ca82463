#pragma once

// A packed image in memory that the device reads.

#include <cstddef>
#include <cstdint>

#include "cuda/simt.h"
#include "gsfit/core/views.h"

namespace gsfit::gpu {

/// As PackedView::pixel().
__device__ inline const std::byte* target_pixel(const PackedView& target, std::int64_t x, std::int64_t y) {
    return target.data + static_cast<std::size_t>(y) * target.row_bytes +
           static_cast<std::size_t>(x * target.channels) * static_cast<std::size_t>(target.bits / 8);
}

/// v / largest, v a whole number from 0 to `largest`, which is 255 or 65535: the bits of the division that
/// PackedView::value() does, without its branch for numbers that are tiny or huge.
__device__ inline float share_of(float v, float largest) {
    const float inverse = 1.0F / largest;
    const float quotient = v * inverse;
    return fmaf(fmaf(-quotient, largest, v), inverse, quotient);
}

/// A channel of a pixel, as PackedView::value().
__device__ inline float target_value(const PackedView& target, const std::byte* pixel, int channel) {
    return target.bits == 8 ? share_of(reinterpret_cast<const std::uint8_t*>(pixel)[channel], 255.0F)
                            : share_of(reinterpret_cast<const std::uint16_t*>(pixel)[channel], 65535.0F);
}

__device__ inline float target_value(const PackedView& target, std::int64_t x, std::int64_t y, int channel) {
    return target_value(target, target_pixel(target, x, y), channel);
}

}  // namespace gsfit::gpu
