#pragma once

#include <functional>

#include "gsfit/core/random.h"
#include "gsfit/gaussians.h"
#include "gsfit/optim.h"
#include "gsfit/types.h"

namespace gsfit {

// Both functions here either do all or, when they throw (for want of memory, say), leave field and moments as they
// were.

struct GrowthOptions {
    std::int64_t count = 0;  ///< Gaussians to add
    float sigma = 1.0F;      ///< of the new ones, before they are drawn out along edges [pixels]
    double pitch = 1;        ///< sqrt(pixels / Gaussians) of the finished field [pixels]
    Forget forget{};         ///< as in InitialOptions
};

/// Renders rows of a lattice: [C,n,w], contiguous float32.
using RenderRows = std::function<at::Tensor(const Rows&)>;

/// The most rows that grow() asks for at once.
inline constexpr std::int64_t growth_band_rows = 256;

/// Adds Gaussians where the field is worst: at samples of `lattice` drawn with probability proportional to the residual
/// to the power of 2.5, the field being rendered there band by band. Where the residual is not finite it counts as 0.
/// Each Gaussian is centred on its sample. At most half as many as there are samples are added. New
/// moments are 0; everything is sorted in Morton order. Throws Error when a render has another shape, and what `render`
/// throws; `random` has then moved on.
void grow(Field& field, Moments& moments, const RenderRows& render, const PackedView& target, const Lattice& lattice,
          const GrowthOptions& options, Random& random);

/// Takes away the `count` Gaussians with the lowest costs ([N], removal_costs()); one whose cost is not finite stays.
/// The others keep their order.
void remove_cheapest(Field& field, Moments& moments, const at::Tensor& costs, std::int64_t count);

/// What grow() holds at most beside field and moments as they were and what `render` needs beside its result, for a
/// lattice of this width and `added` Gaussians, `size` of them afterwards.
std::int64_t growth_bytes(std::int64_t width, int channels, std::int64_t added, std::int64_t size);

/// The same on a GPU, for a lattice of so many rows; what sorts need is estimated.
std::int64_t device_growth_bytes(std::int64_t width, std::int64_t rows, int channels, std::int64_t added,
                                 std::int64_t size);

/// Sorts field and moments together in Morton order.
void sort(Field& field, Moments& moments);

/// What sort() holds at most on a GPU beside field and moments as they were.
std::int64_t device_sorting_bytes(std::int64_t size, int channels);

}  // namespace gsfit
