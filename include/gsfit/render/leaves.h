#pragma once

#include "gsfit/types.h"

namespace gsfit {

/// The same numbers as a leaf of a graph of its own, which backward() gives a gradient.
inline at::Tensor leaf(const at::Tensor& tensor) { return tensor.detach().requires_grad_(true); }

inline Field leaves_of(const Field& field) {
    return {.position = leaf(field.position),
            .inv_scale = leaf(field.inv_scale),
            .rotation = leaf(field.rotation),
            .feature = leaf(field.feature),
            .raster_width = field.raster_width,
            .raster_height = field.raster_height};
}

}  // namespace gsfit
