#pragma once

// Between the reference's doubles and the kernels' tensors, on whatever device.

#include <vector>

#include "gsfit/types.h"
#include "reference/reference.h"

namespace gsfit::reference {

Field to_double(const gsfit::Field& field);
Splats to_double(const gsfit::Splats& splats);
std::vector<double> to_double(const at::Tensor& tensor);

/// A copy of the field that records gradients.
gsfit::Field leaves(const gsfit::Field& field);
/// A copy of the splats that records gradients; `det` has none.
gsfit::Splats leaves(const gsfit::Splats& splats);

/// The largest |value - truth| of a column [N,K] relative to the largest |truth| in that column; of the columns, the
/// worst. Infinity where a value is not finite, or not 0 in a column that should be all 0.
double relative_error(const at::Tensor& value, const std::vector<double>& truth);

/// The largest |value - truth| - allowed, at least 0; infinity where a value is not finite.
double excess(const at::Tensor& value, const Image& truth, const Image& allowed);

/// The same bits in both.
bool identical(const at::Tensor& a, const at::Tensor& b);

/// The largest |a - b|; infinity where one is not finite.
double difference(const at::Tensor& a, const at::Tensor& b);

/// The loss and its gradient at a field: the whole definition in one call.
struct LossAndGradient {
    double loss;
    FieldGradient gradient;
};
LossAndGradient render_loss(const Field& field, const Lattice& lattice, const Blending& blending,
                            const PackedView& target, const PixelLoss& loss);

}  // namespace gsfit::reference
