#pragma once

#include <cstdint>

#include "gsfit/project/projection.h"

namespace gsfit {

/// Gaussians [begin, end): (position [N,2], inv_scale [N,2], rotation [N]) -> (center [N,2], conic [N,3], det [N]).
struct ProjectForward {
    const float* position;
    const float* inv_scale;
    const float* rotation;
    float* center;
    float* conic;
    float* det;
};
void project_forward(const ProjectForward& arrays, const Projection& projection, std::int64_t begin, std::int64_t end);

/// Gradients with respect to center and conic -> those with respect to position, inv_scale and rotation.
struct ProjectBackward {
    const float* inv_scale;
    const float* rotation;
    const float* grad_center;
    const float* grad_conic;
    float* grad_position;
    float* grad_inv_scale;
    float* grad_rotation;
};
void project_backward(const ProjectBackward& arrays, const Projection& projection, std::int64_t begin,
                      std::int64_t end);

}  // namespace gsfit
