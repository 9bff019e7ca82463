// In place of tests/gpu/device.cpp: every tensor counts as one on a GPU (always_gpu.cpp).

#include "gpu/device.h"

namespace gsfit {

KernelDevice find_kernel_device() { return {.device = at::kCPU, .problem = ""}; }

}  // namespace gsfit
