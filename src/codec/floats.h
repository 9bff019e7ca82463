#pragma once

#include "codec/part.h"

namespace gsfit::codec {

/// The last step, from integers to floats: one operation in double each, and one rounding.
void append(Gaussians& gaussians, const Part& part, const Description& description);

/// A Gaussian's feature, behind others.
void append_feature(std::vector<float>& features, const Part& part, int gaussian);

}  // namespace gsfit::codec
