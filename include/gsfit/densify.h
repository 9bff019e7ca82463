#pragma once

#include "gsfit/core/random.h"
#include "gsfit/optim.h"
#include "gsfit/types.h"

namespace gsfit {

struct GrowthOptions {
    std::int64_t count = 0;  ///< Gaussians to add
    float sigma = 1.0F;      ///< of the new ones, before they are drawn out along edges [pixels]
    double pitch = 1;        ///< sqrt(pixels / Gaussians) of the finished field [pixels]
};

/// Adds Gaussians where the field is worst: at samples of `lattice` drawn with probability proportional to the squared
/// residual after a 3 x 3 blur, `image` being the field's render there ([C,h,w]). Each lands at a random pixel around
/// its sample. At most half as many as there are samples are added. New moments are 0; everything is sorted in Morton
/// order.
void grow(Field& field, Moments& moments, const at::Tensor& image, const PackedView& target, const Lattice& lattice,
          const GrowthOptions& options, Random& random);

/// Sorts field and moments together in Morton order.
void sort(Field& field, Moments& moments);

}  // namespace gsfit
