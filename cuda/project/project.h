#pragma once

#include <cstdint>

#include "cuda/stream.h"
#include "project/project_kernels.h"

namespace gsfit::gpu {

// What the functions of these names in project/project_kernels.h do, for all `size` Gaussians; arrays on the device.

void project_forward(const ProjectForward& arrays, const Projection& projection, std::int64_t size, Stream stream);
void project_backward(const ProjectBackward& arrays, const Projection& projection, std::int64_t size, Stream stream);

}  // namespace gsfit::gpu
