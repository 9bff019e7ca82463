#pragma once

// From items to symbols, with the steps that the decoder will know.

#include "codec/plan.h"

namespace gsfit::codec {

/// All colours of a part.
void quantise_colors(const std::vector<Item>& items, const Steps& steps, PlannedPart& planned);
/// All shapes and places of a part, when all its colours are there.
void quantise_shapes(const std::vector<Item>& items, const Steps& steps, Log least_sigma, PlannedPart& planned);

}  // namespace gsfit::codec
