#pragma once

#include <cstdint>

#include "gsfit/core/views.h"

namespace gsfit {

/// From a field's coordinates to a lattice's: center = position * scale + offset, inverse scales times inv_scale.
struct Projection {
    float scale_x = 1, scale_y = 1;    ///< samples per image width, height
    float offset_x = 0, offset_y = 0;  ///< [samples]
    float inv_scale = 1;               ///< pixels of the training raster per sample
};

/// Of a field whose training raster is so high. Throws Error for a lattice without samples or raster.
Projection projection_onto(const Lattice& lattice, std::int64_t training_height);

}  // namespace gsfit
