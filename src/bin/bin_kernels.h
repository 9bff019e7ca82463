#pragma once

#include <cstdint>

#include "gsfit/bins.h"

namespace gsfit {

struct PrepareArrays {
    const float* center;   ///< [N,2]
    const float* conic;    ///< [N,3]
    const float* det;      ///< [N]
    const float* feature;  ///< [N,channels]
    int channels;
    SplatLine* lines;    ///< [N]
    BlockRange* ranges;  ///< [N]
};

/// Fills lines and ranges of splats [begin, end) for a width x height lattice.
void prepare_splats(const PrepareArrays& arrays, float cutoff, std::int64_t width, std::int64_t height,
                    std::int64_t begin, std::int64_t end);

}  // namespace gsfit
