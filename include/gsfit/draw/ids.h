#pragma once

#include "gsfit/types.h"

namespace gsfit {

/// The field (on the CPU) with RGB features that tell its Gaussians apart when it is rendered: a vivid colour each,
/// times the root mean square of the features that it had.
Field with_id_colors(const Field& field);

}  // namespace gsfit
