#pragma once

#include "gsfit/optim.h"

namespace gsfit {

/// Bounds of a field's parameters; all tensors where the field's are.
struct Held {
    Field least, most;  ///< of each parameter; equal where it is held, infinite where it is free
    at::Tensor size;    ///< [N,2] float32 bounds of the mean log2 sigma, kept by scaling both sigmas alike
};

Held on_device(const Held& held, const at::Device& device);

/// What the bounds of so many Gaussians take.
std::int64_t held_bytes(std::int64_t size, int channels);

/// Brings the parameters of a field on a GPU between their bounds, in place, but after a step that was skipped. What is
/// between them is not changed.
void hold(Field& field, const Held& held, const gpu::ScaledGradients& scaled);

}  // namespace gsfit
