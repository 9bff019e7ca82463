#pragma once

// The last word on what was rounded: not which symbols are nearest to a field, but which make the nearest picture.

#include "codec/plan.h"
#include "gsfit/core/views.h"

namespace gsfit::codec {

/// Changes symbols of shapes and places by single steps, Gaussian by Gaussian, for as long as the squared error of the
/// picture falls (iterated conditional modes, Besag, 1986). Colours stay, and so do cells and classes. After so many
/// seconds no further part of the file is begun. Not where pixels choose Gaussians (topk_norm, tile16).
void settle(Plan& plan, const PackedView& target, double seconds);

}  // namespace gsfit::codec
