#pragma once

// Between fields and compact files: their structs, and training while a field is rounded.

#include <cstddef>
#include <vector>

#include "gsfit/codec.h"
#include "gsfit/image.h"
#include "gsfit/types.h"

namespace gsfit {

codec::Gaussians gaussians_of(const Field& field);
Field field_of(const codec::Gaussians& gaussians, const codec::Description& description);

/// The file of the field, which is trained for `steps` more on the squared error to the target while it is rounded
/// stage by stage (codec::Freezer). `q` is as for codec::Encoder.
std::vector<std::byte> finetuned_file(const codec::Gaussians& gaussians, const codec::Description& description,
                                      const PackedView& target, double q, std::int64_t steps);

}  // namespace gsfit
