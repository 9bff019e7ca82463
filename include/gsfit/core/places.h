#pragma once

// Numbers that say where a Gaussian goes: the same on the host and on a CUDA device.

#include <cmath>
#include <cstdint>

#include "gsfit/core/on_both.h"

namespace gsfit {

/// 53 bits of splitmix64's i-th number: any thread, or another machine, can ask for any of them.
GSFIT_ON_BOTH std::int64_t hash(std::uint64_t seed, std::uint64_t i) {
    std::uint64_t z = seed + (i + 1) * 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return static_cast<std::int64_t>((z ^ (z >> 31)) >> 11);
}

/// How likely a Gaussian is to be added at a sample, by the sum of its squared residuals over channels: the residual to
/// the power of 2.5.
GSFIT_ON_BOTH float growth_weight(float squares) { return squares * sqrtf(sqrtf(squares)); }

/// Spreads 16 bits to the even places of 32.
GSFIT_ON_BOTH std::uint32_t spread(std::uint32_t bits) {
    bits = (bits | (bits << 8)) & 0x00ff00ffU;
    bits = (bits | (bits << 4)) & 0x0f0f0f0fU;
    bits = (bits | (bits << 2)) & 0x33333333U;
    return (bits | (bits << 1)) & 0x55555555U;
}

/// Code along a Morton curve through [0,1] x [0,1]; a position outside counts as the nearest inside, NaN as 0.
GSFIT_ON_BOTH std::uint32_t morton_code(float x, float y) {
    const auto cell = [](float position) {
        if (!(position > 0.0F)) return std::uint32_t{0};
        return static_cast<std::uint32_t>((position < 1.0F ? position : 1.0F) * 65535.0F);
    };
    return spread(cell(x)) | (spread(cell(y)) << 1);
}

}  // namespace gsfit
