#pragma once

#include <cstdint>

#include "cuda/stream.h"
#include "gsfit/core/views.h"
#include "loss/comparison.h"

namespace gsfit::gpu {

// Growth as grow() of gsfit/densify.h does it, over memory of the device, in these steps: for every band of the
// lattice's rows growth_weights() and WeightedSampler::add() (cuda/densify/sampling.h); then add_gaussians(), and
// morton_codes() to sort by.

/// A field's tensors.
struct FieldView {
    float* position;   ///< [N,2]
    float* inv_scale;  ///< [N,2]
    float* rotation;   ///< [N,1]
    float* feature;    ///< [N,C]
};

/// Weights [rows, lattice.width] of the samples of the image's rows, by growth_weight() of gsfit/core/places.h. Where
/// the image is not finite, neither are the weights.
void growth_weights(const Comparison& comparison, float* weights, Stream stream);

struct Growth {
    std::int64_t count;  ///< Gaussians to add
    float sigma;         ///< of the new ones, before they are drawn out along edges [pixels]
    double pitch;        ///< sqrt(pixels / Gaussians) of the finished field [pixels]
};

/// Writes Gaussians [first, first + growth.count): one at each of the samples [growth.count] of the lattice, made as
/// gaussians_at() makes them. Moments are left to the caller.
void add_gaussians(const PackedView& target, const Lattice& lattice, const std::int64_t* samples, const Growth& growth,
                   const FieldView& field, std::int64_t first, Stream stream);

/// Codes [size] of 32 bits along a Morton curve; sorted by them as they are, Gaussians are in morton_order().
void morton_codes(const float* position, std::int64_t size, std::uint32_t* codes, Stream stream);

}  // namespace gsfit::gpu
