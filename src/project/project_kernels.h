#pragma once

#include <cstdint>

namespace gsfit {

/// From a field's coordinates to a lattice's: center = position * scale + offset, inverse scales times inv_scale.
struct Projection {
    float scale_x = 1, scale_y = 1;    ///< samples per image width, height
    float offset_x = 0, offset_y = 0;  ///< [samples]
    float inv_scale = 1;               ///< pixels of the training raster per sample
};

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
