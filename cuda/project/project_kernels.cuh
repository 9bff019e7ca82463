#pragma once

#include <cmath>

#include "cuda/grid.h"
#include "cuda/simt.h"
#include "cuda/turn.cuh"
#include "gsfit/core/math.h"
#include "project/project_kernels.h"

namespace gsfit::gpu {

__global__ void forward(ProjectForward arrays, Projection projection, std::int64_t size) {
    const std::int64_t i = thread_item();
    if (i >= size) return;
    const float u = arrays.inv_scale[2 * i] * projection.inv_scale;
    const float v = arrays.inv_scale[2 * i + 1] * projection.inv_scale;
    const float rotation = arrays.rotation[i];
    const Turn turn = turn_by(rotation);
    const Conic<float> conic = conic_of(u, v, turn.cosine, turn.sine);
    arrays.center[2 * i] = fmaf(arrays.position[2 * i], projection.scale_x, projection.offset_x);
    arrays.center[2 * i + 1] = fmaf(arrays.position[2 * i + 1], projection.scale_y, projection.offset_y);
    arrays.conic[3 * i] = conic.a;
    arrays.conic[3 * i + 1] = conic.b;
    arrays.conic[3 * i + 2] = conic.c;
    const float uv = u * v;
    arrays.det[i] = isfinite(rotation) ? uv * uv : 0.0F;
}

/// Degenerate Gaussians were skipped: their gradient is 0, though the chain rule of NaN is NaN.
__device__ inline float finite_or_zero(float x) { return isfinite(x) ? x : 0.0F; }

__global__ void backward(ProjectBackward arrays, Projection projection, std::int64_t size) {
    const std::int64_t i = thread_item();
    if (i >= size) return;
    const Turn turn = turn_by(arrays.rotation[i]);
    const Conic<float> gradient{arrays.grad_conic[3 * i], arrays.grad_conic[3 * i + 1], arrays.grad_conic[3 * i + 2]};
    const Shape<float> shape =
        shape_gradient(arrays.inv_scale[2 * i] * projection.inv_scale,
                       arrays.inv_scale[2 * i + 1] * projection.inv_scale, turn.cosine, turn.sine, gradient);
    arrays.grad_position[2 * i] = arrays.grad_center[2 * i] * projection.scale_x;
    arrays.grad_position[2 * i + 1] = arrays.grad_center[2 * i + 1] * projection.scale_y;
    arrays.grad_inv_scale[2 * i] = finite_or_zero(shape.u * projection.inv_scale);
    arrays.grad_inv_scale[2 * i + 1] = finite_or_zero(shape.v * projection.inv_scale);
    arrays.grad_rotation[i] = finite_or_zero(shape.rotation);
}

}  // namespace gsfit::gpu
