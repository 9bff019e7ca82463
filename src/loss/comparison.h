#pragma once

#include <cstddef>
#include <cstdint>

#include "gsfit/core/views.h"

namespace gsfit {

/// Planar float rows of a lattice, row `first_row` first: what the loss kernels read of a render.
struct PlanarRows {
    const float* data = nullptr;
    std::int64_t channel_stride = 0;  ///< [floats]
    std::int64_t row_stride = 0;      ///< [floats]
    std::int64_t first_row = 0;

    [[nodiscard]] const float* row(int channel, std::int64_t i) const {
        return data + channel * channel_stride + (i - first_row) * row_stride;
    }
};

/// An image and the pixels that it is compared with.
struct Comparison {
    PlanarRows image;
    PackedView target;
    Lattice lattice;
};

}  // namespace gsfit
