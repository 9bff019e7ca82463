#pragma once

#include <ATen/core/Tensor.h>

#include "gsfit/loss.h"
#include "loss/comparison.h"

namespace gsfit {

/// Throws Error, naming `function`, when the lattice does not have all rows of the band.
void check_band(const char* function, const Lattice& lattice, const Rows& band);

/// The image itself when neighbours in a row are neighbours in memory, else a copy for which that holds; autograd
/// sees through it. Throws Error when it is no float32 or float16 tensor [C,h,w].
at::Tensor with_dense_rows(const char* function, const at::Tensor& image);

/// Views of such an image, which holds `rows` of the lattice, and of what it is compared with. Throws Error when its
/// shape is another, or the lattice does not lie inside the target.
Comparison compare(const char* function, const at::Tensor& image, const PackedView& target, const Lattice& lattice,
                   const Rows& rows);

/// Views of a gradient [C,n,w] of these rows.
Planar<std::byte> gradient_planes(const at::Tensor& gradient, const Rows& rows);

/// Values of the lattice's samples in all channels.
double value_count(const PackedView& target, const Lattice& lattice);

}  // namespace gsfit
