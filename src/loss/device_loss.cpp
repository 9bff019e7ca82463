#include "loss/device_loss.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

#include "loss/compare.h"

namespace gsfit {

at::Tensor device_sums(const Gpu& gpu, const at::Tensor& image, const Comparison& comparison, const Rows& band,
                       bool errors, bool dissimilarity) {
    const auto options = image.options().requires_grad(false);
    at::Tensor sums = at::zeros({3}, options.dtype(at::kDouble));
    const DeviceScratch scratch(
        gpu->loss_workspace_bytes(comparison.target.channels, comparison.lattice.width, band.count), image);
    auto* to = static_cast<gpu::LossSums*>(sums.mutable_data_ptr());
    if (errors) gpu->add_errors(comparison, band, to, scratch.workspace(), gpu.stream());
    if (dissimilarity) gpu->add_dissimilarity(comparison, band, to, scratch.workspace(), gpu.stream());
    return sums;
}

at::Tensor device_gradient(const Gpu& gpu, const at::Tensor& image, const Comparison& comparison, const Rows& band,
                           const Factors& factors, const at::Tensor& scale) {
    at::Tensor gradient = at::empty(image.sizes(), image.options().requires_grad(false));
    gpu->loss_gradient(comparison, band, factors, scale.const_data_ptr<float>(),
                       gradient_planes(gradient, comparison.image.rows), gpu.stream());
    return gradient;
}

}  // namespace gsfit
