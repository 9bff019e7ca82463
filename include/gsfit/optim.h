#pragma once

#include "gsfit/types.h"

namespace gsfit {

/// Adam's memory of every Gaussian. Columns: centre along the Gaussian's own axes (2), log scale (2), rotation (1),
/// feature (C).
struct Moments {
    at::Tensor first;   ///< [N,5+C] float32
    at::Tensor second;  ///< [N,5+C] float32
    at::Tensor age;     ///< [N] int32, steps taken; bias correction is by each Gaussian's own age

    static Moments zeros(std::int64_t size, int channels);
};

/// Step lengths of the four kinds of parameters.
struct StepSizes {
    float position = 0;  ///< [sigma] along the Gaussian's own axes
    float scale = 0;     ///< [ln sigma]
    float rotation = 0;  ///< [radians / max(0.3, |u/v - v/u|)], u and v the inverse scales
    float feature = 0;
};

/// Bounds that a step keeps.
struct ScaleBounds {
    float sigma_min = 0.3F;  ///< [pixels]
    float sigma_max = 1e9F;  ///< [pixels]
};

struct Gradients {
    at::Tensor position, inv_scale, rotation, feature;  ///< shapes of the field's tensors
};

/// One step of Adam (Kingma and Ba 2015; beta 0.9 / 0.95) in whitened coordinates, in place. Non-finite gradients count
/// as 0; positions stay within [-0.05, 1.05].
void whitened_adam(Field& field, Moments& moments, const Gradients& gradients, const StepSizes& steps,
                   const ScaleBounds& bounds);

}  // namespace gsfit
