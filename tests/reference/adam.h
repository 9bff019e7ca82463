#pragma once

// One step of whitened Adam in double precision, one Gaussian at a time.

#include <vector>

#include "gsfit/optim.h"

namespace gsfit::reference {

/// A Gaussian with its gradients and moments. Moments are in the order of gsfit::Moments' columns.
struct AdamGaussian {
    double position[2], inv_scale[2], rotation;
    std::vector<double> feature;
    double to_position[2], to_inv_scale[2], to_rotation;
    std::vector<double> to_feature;
    std::vector<double> first, second;
    int age = 0;
};

void whitened_adam(AdamGaussian& gaussian, std::int64_t raster_width, std::int64_t raster_height,
                   const StepSizes& steps, const ScaleBounds& bounds);

}  // namespace gsfit::reference
