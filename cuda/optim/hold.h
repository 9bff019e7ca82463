#pragma once

#include <cstdint>

#include "cuda/stream.h"

namespace gsfit::gpu {

/// Of numbers, one by one.
struct Bounds {
    const float* least;
    const float* most;
};

/// Arrays of N Gaussians with C channels; shapes as in Field, bounds as in Held.
struct HeldArrays {
    float* position;
    float* inv_scale;
    float* rotation;
    float* feature;
    Bounds of_position, of_inv_scale, of_rotation, of_feature;
    const float* of_size;  ///< [N,2] least and most mean log2 sigma
    int channels;
};

/// Brings all `size` Gaussians between their bounds; when *skip is not 0 nothing changes. Null: never skipped.
void hold(const HeldArrays& arrays, const float* skip, std::int64_t size, Stream stream);

}  // namespace gsfit::gpu
