#pragma once

#include "gsfit/project/projection.h"
#include "gsfit/types.h"

namespace gsfit {

/// Field -> splats of a lattice. Differentiable with respect to position, inv_scale and rotation (feature passes
/// through). A raster of another height than the training raster's scales sigma by the ratio of heights.
/// S = R diag(sigma_x^2, sigma_y^2) R^T, conic = S^-1.
Splats project(const Field& field, const Lattice& lattice);

}  // namespace gsfit
