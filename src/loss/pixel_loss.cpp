#include <ATen/ops/empty.h>
#include <ATen/ops/scalar_tensor.h>

#include <algorithm>
#include <vector>

#include "gsfit/core/parallel.h"
#include "loss/compare.h"
#include "loss/pixel_loss_kernels.h"

namespace gsfit {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// Rows that one task takes: set by the width alone, so that sums do not depend on the number of threads.
std::int64_t rows_per_task(const Lattice& lattice) { return std::max<std::int64_t>(1, 32768 / lattice.width); }

ErrorSums sum_over(const Comparison& comparison) {
    const std::int64_t height = comparison.lattice.height;
    const std::int64_t grain = rows_per_task(comparison.lattice);
    std::vector<ErrorSums> parts(static_cast<std::size_t>((height + grain - 1) / grain));
    parallel_ranges(height, grain, [&](std::int64_t begin, std::int64_t end) {
        parts[static_cast<std::size_t>(begin / grain)] = sum_errors(comparison, begin, end - begin);
    });
    ErrorSums total;
    for (const ErrorSums& part : parts) {
        total.absolute += part.absolute;
        total.squared += part.squared;
    }
    return total;
}

class PixelLossFunction : public torch::autograd::Function<PixelLossFunction> {
public:
    static at::Tensor forward(AutogradContext* context, const at::Tensor& image, const PackedView& target,
                              const Lattice& lattice, const PixelLoss& loss) {
        const Comparison comparison = compare("pixel_loss", image, target, lattice, {0, lattice.height});
        save(context, image, target, lattice);
        context->saved_data["l1"] = loss.l1;
        context->saved_data["l2"] = loss.l2;
        const ErrorSums sums = sum_over(comparison);
        return at::scalar_tensor((loss.l1 * sums.absolute + loss.l2 * sums.squared) / value_count(comparison),
                                 image.options());
    }

    static variable_list backward(AutogradContext* context, const variable_list& gradients) {
        const auto [image, comparison] = restore("pixel_loss", context);
        const double scale = gradients[0].item<double>() / value_count(comparison);
        const auto by_sign = static_cast<float>(scale * context->saved_data["l1"].toDouble());
        const auto by_difference = static_cast<float>(2.0 * scale * context->saved_data["l2"].toDouble());
        auto gradient = at::empty(image.sizes(), image.options());
        auto* const out = gradient.mutable_data_ptr<float>();
        const std::int64_t height = comparison.lattice.height;
        const std::int64_t grain = rows_per_task(comparison.lattice);
        parallel_ranges(height, grain, [&, &views = comparison](std::int64_t begin, std::int64_t end) {
            pixel_gradient(views, begin, end - begin, by_sign, by_difference, out);
        });
        return {gradient, {}, {}, {}};
    }
};

}  // namespace

at::Tensor pixel_loss(const at::Tensor& image, const PackedView& target, const Lattice& lattice,
                      const PixelLoss& loss) {
    return PixelLossFunction::apply(with_dense_rows("pixel_loss", image), target, lattice, loss);
}

double squared_error(const at::Tensor& image, const PackedView& target, const Lattice& lattice) {
    const at::Tensor rows = with_dense_rows("squared_error", image);
    return sum_over(compare("squared_error", rows, target, lattice, {0, lattice.height})).squared;
}

}  // namespace gsfit
