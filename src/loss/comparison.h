#pragma once

#include <cstddef>
#include <cstdint>

#include "gsfit/core/views.h"

namespace gsfit {

/// Planes of rows of a lattice, float or float16 values that are dense in a row. Byte is std::byte or const std::byte.
template <class Byte>
struct Planar {
    Byte* data = nullptr;
    bool half = false;                ///< float16
    std::int64_t channel_stride = 0;  ///< [values]
    std::int64_t row_stride = 0;      ///< [values]
    Rows rows;                        ///< that it holds

    [[nodiscard]] bool has(std::int64_t row) const { return row >= rows.first && row < rows.first + rows.count; }

    [[nodiscard]] Byte* at(int channel, std::int64_t row, std::int64_t column) const {
        return data + (channel * channel_stride + (row - rows.first) * row_stride + column) * (half ? 2 : 4);
    }
};

/// An image and the pixels that it is compared with.
struct Comparison {
    Planar<const std::byte> image;
    PackedView target;
    Lattice lattice;
};

}  // namespace gsfit
