#pragma once

#include <cstdint>

#include "gsfit/bins.h"

namespace gsfit {

/// What of a lattice is binned.
struct Band {
    std::int64_t width;
    Rows rows;
    float cutoff;
    Support support;
};

/// N splats.
struct PrepareArrays {
    const float* center;   ///< [N,2]
    const float* conic;    ///< [N,3]
    const float* det;      ///< [N]
    const float* feature;  ///< [N,channels]
    int channels;
    SplatLine* lines = nullptr;    ///< [N]
    BlockRange* ranges = nullptr;  ///< [N]
};

/// Fills lines and ranges.
void prepare_splats(const PrepareArrays& arrays, std::int64_t size, const Band& band);

}  // namespace gsfit
