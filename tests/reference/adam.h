#pragma once

// One step of whitened Adam in double precision, one Gaussian at a time.

#include <vector>

#include "gsfit/optim.h"

namespace gsfit::reference {

/// Coefficients of x^0 to x^4 of what stands for x^-1/2.
inline constexpr double inverse_root[] = {2.434528811, -2.472739847, 1.334547244, -0.325278291, 0.028942083};

/// A Gaussian with its gradients and moments. Moments are in the order of gsfit::Moments' columns.
struct AdamGaussian {
    double position[2], inv_scale[2], rotation;
    std::vector<double> feature;
    double to_position[2], to_inv_scale[2], to_rotation;
    std::vector<double> to_feature;
    std::vector<double> first, second;
    double products[10] = {};
    int age = 0;
};

void whitened_adam(AdamGaussian& gaussian, std::int64_t raster_width, std::int64_t raster_height,
                   const StepSizes& steps, const ScaleBounds& bounds);

}  // namespace gsfit::reference
