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

/// A channel of a pixel, in [0,1]; a division as in PackedView::value(), so that both give the same bits.
__device__ inline float target_value(const PackedView& target, const std::byte* pixel, int channel) {
    return target.bits == 8 ? static_cast<float>(reinterpret_cast<const std::uint8_t*>(pixel)[channel]) / 255.0F
                            : static_cast<float>(reinterpret_cast<const std::uint16_t*>(pixel)[channel]) / 65535.0F;
}

__device__ inline float target_value(const PackedView& target, std::int64_t x, std::int64_t y, int channel) {
    return target_value(target, target_pixel(target, x, y), channel);
}

}  // namespace gsfit::gpu
