#pragma once

// The encoder's regressions: the models of the header, fitted to a field.

#include "codec/importance.h"
#include "codec/plan.h"

namespace gsfit::codec {

// In the order in which they can be fitted.

/// Needs what pass 0 tells.
void fit_areas(Plan& plan);
void fit_color_steps(Plan& plan, const std::vector<Importance>& importances);
/// Need the colours of the parts.
void fit_colors(Plan& plan);
void fit_shape_steps(Plan& plan, const std::vector<Importance>& importances);

}  // namespace gsfit::codec
