#pragma once

#include "gsfit/optim.h"
#include "optim/adam_kernels.h"

namespace gsfit {

/// What a step of Adam works on. Throws Error when shapes do not fit one another.
AdamArrays adam_arrays(Field& field, Moments& moments, const Gradients& gradients);

}  // namespace gsfit
