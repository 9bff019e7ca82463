#pragma once

// Uniform quantisation, the same bits on the host and on a CUDA device.

#include <cmath>

#include "gsfit/core/on_both.h"

namespace gsfit {

/// The numbers low + k * step, k from 0 to last.
struct Levels {
    double low, step, last;
};

/// 2^bits of them from low to high. The least step is Image-GS's.
GSFIT_ON_BOTH Levels levels_between(float low, float high, int bits) {
    constexpr double least_step = 1e-8;
    const double last = ldexp(1.0, bits) - 1.0;
    return {low, fmax((static_cast<double>(high) - low) / last, least_step), last};
}

/// The k of the level that is nearest to a finite x, as a whole number.
GSFIT_ON_BOTH double code_of(const Levels& levels, float x) {
    return fmin(fmax(rint((x - levels.low) / levels.step), 0.0), levels.last);
}

/// Level k. A product and a sum, and whether they are fused would be up to the compiler.
GSFIT_ON_BOTH float level(const Levels& levels, double k) {
    return static_cast<float>(fma(k, levels.step, levels.low));
}

/// A scale is quantised as sigma, which its parameter is the inverse of; the way there and back.
GSFIT_ON_BOTH float inverted_if(bool inverse, float x) { return inverse ? 1.0F / x : x; }

}  // namespace gsfit
