#pragma once

#include "gsfit/types.h"

namespace gsfit {

struct Projection;

/// Field -> splats of a lattice. Differentiable with respect to position, inv_scale and rotation (feature passes
/// through). A raster of another height than the training raster's scales sigma by the ratio of heights.
/// S = R diag(sigma_x^2, sigma_y^2) R^T, conic = S^-1.
Splats project(const Field& field, const Lattice& lattice);

/// From the coordinates of a field whose training raster is so high to the lattice's. Throws Error for a lattice
/// without samples or raster.
Projection projection_onto(const Lattice& lattice, std::int64_t training_height);

}  // namespace gsfit
