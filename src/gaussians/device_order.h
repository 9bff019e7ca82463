#pragma once

#include "gsfit/gpu.h"

namespace gsfit {

/// morton_order() on a GPU.
at::Tensor device_morton_order(const Gpu& gpu, const at::Tensor& position);

}  // namespace gsfit
