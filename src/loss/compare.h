#pragma once

#include <ATen/core/Tensor.h>
#include <torch/csrc/autograd/custom_function.h>

#include "gsfit/loss.h"
#include "loss/comparison.h"

namespace gsfit {

/// The image itself when neighbours in a row are neighbours in memory, else a copy for which that holds; autograd
/// sees through it. Throws Error, naming `function`, when it is no float32 CPU tensor [C,h,w].
at::Tensor with_dense_rows(const char* function, const at::Tensor& image);

/// Views of such an image, which holds `rows` of the lattice, and of what it is compared with. Throws Error when its
/// shape is another, or the lattice does not lie inside the target.
Comparison compare(const char* function, const at::Tensor& image, const PackedView& target, const Lattice& lattice,
                   const Rows& rows);

/// Values that a mean over the lattice is taken of.
double value_count(const Comparison& comparison);

/// Keeps a comparison from forward to backward.
void save(torch::autograd::AutogradContext* context, const at::Tensor& image, const PackedView& target,
          const Lattice& lattice);

/// What save() kept. Throws Error when the caller wants a graph of the gradient: the kernels record none.
struct Saved {
    at::Tensor image;
    Comparison comparison;
};
Saved restore(const char* function, torch::autograd::AutogradContext* context);

}  // namespace gsfit
