#pragma once

#include <cstdint>

#include "cuda/simt.h"

namespace gsfit::gpu {

/// 53 bits of splitmix64's i-th number, as on the host.
__device__ inline std::int64_t hash(std::uint64_t seed, std::uint64_t i) {
    std::uint64_t z = seed + (i + 1) * 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return static_cast<std::int64_t>((z ^ (z >> 31)) >> 11);
}

}  // namespace gsfit::gpu
