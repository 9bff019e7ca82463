#pragma once

#include <cstdint>

#include "cuda/stream.h"

namespace gsfit::gpu {

/// A tensor to be quantised (gsfit/gaussians/quantisation.h), `inverse`: as the inverse of its numbers.
struct QuantisedTensor {
    const float* from;
    float* to;
    std::int64_t count;
    int bits;
    bool inverse;
};

/// A field's four.
struct QuantisedTensors {
    QuantisedTensor each[4];
};

/// Least and greatest of numbers, as integers in whose order they are. 0 and 0: of none.
struct OrderedExtent {
    unsigned below;  ///< ~ordered(least)
    unsigned high;   ///< ordered(greatest)
};

/// `extents`: room for four.
void quantise(const QuantisedTensors& tensors, OrderedExtent* extents, Stream stream);

}  // namespace gsfit::gpu
