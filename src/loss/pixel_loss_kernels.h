#pragma once

#include <cstdint>

#include "loss/comparison.h"

namespace gsfit {

/// Sums over samples and channels.
struct ErrorSums {
    double absolute = 0;  ///< sum of |image - target|
    double squared = 0;   ///< sum of (image - target)^2
};

/// Over rows [first, first + rows) of the lattice.
ErrorSums sum_errors(const Comparison& comparison, std::int64_t first, std::int64_t rows);

/// by_sign * sign(image - target) + by_difference * (image - target) for the same rows, into gradient [C,h,w] of the
/// whole lattice; the sign of 0 is 0.
void pixel_gradient(const Comparison& comparison, std::int64_t first, std::int64_t rows, float by_sign,
                    float by_difference, float* gradient);

}  // namespace gsfit
