#include <ATen/ops/zeros.h>

#include <vector>

#include "gsfit/core/error.h"
#include "gsfit/core/parallel.h"
#include "gsfit/gpu.h"
#include "gsfit/optim.h"
#include "optim/whitened_adam_kernels.h"

namespace gsfit {

Moments Moments::zeros(std::int64_t size, int channels, const at::Device& device) {
    const auto options = at::TensorOptions(device).dtype(at::kFloat);
    return {.first = at::zeros({size, 5 + channels}, options),
            .second = at::zeros({size, 5 + channels}, options),
            .age = at::zeros({size}, options.dtype(at::kInt))};
}

std::int64_t moments_bytes(std::int64_t size, int channels) {
    return size * (2 * (5 + channels) * static_cast<std::int64_t>(sizeof(float)) +
                   static_cast<std::int64_t>(sizeof(std::int32_t)));
}

void whitened_adam(Field& field, Moments& moments, const Gradients& gradients, const StepSizes& steps,
                   const ScaleBounds& bounds) {
    const auto same = [](const at::Tensor& gradient, const at::Tensor& parameter) {
        return gradient.defined() && gradient.sizes() == parameter.sizes() && gradient.is_contiguous();
    };
    if (!same(gradients.position, field.position) || !same(gradients.inv_scale, field.inv_scale) ||
        !same(gradients.rotation, field.rotation) || !same(gradients.feature, field.feature)) {
        throw Error("a step of Adam needs a contiguous gradient for each parameter of the field");
    }
    const std::vector<std::int64_t> shape{field.size(), 5 + field.channels()};
    if (field.channels() > max_channels || moments.age.numel() != field.size() || moments.first.sizes() != shape ||
        moments.second.sizes() != shape) {
        throw Error("Adam's moments belong to another field");
    }
    const AdamArrays arrays{.position = field.position.data_ptr<float>(),
                            .inv_scale = field.inv_scale.data_ptr<float>(),
                            .rotation = field.rotation.data_ptr<float>(),
                            .feature = field.feature.data_ptr<float>(),
                            .grad_position = gradients.position.const_data_ptr<float>(),
                            .grad_inv_scale = gradients.inv_scale.const_data_ptr<float>(),
                            .grad_rotation = gradients.rotation.const_data_ptr<float>(),
                            .grad_feature = gradients.feature.const_data_ptr<float>(),
                            .first = moments.first.data_ptr<float>(),
                            .second = moments.second.data_ptr<float>(),
                            .age = moments.age.data_ptr<std::int32_t>(),
                            .channels = field.channels()};
    const AdamStep step{.position = steps.position,
                        .scale = steps.scale,
                        .rotation = steps.rotation,
                        .feature = steps.feature,
                        .width = static_cast<float>(field.raster_width),
                        .height = static_cast<float>(field.raster_height),
                        .inv_scale_min = 1.0F / bounds.sigma_max,
                        .inv_scale_max = 1.0F / bounds.sigma_min};
    if (const Gpu gpu(field.position); gpu) {
        gpu->whitened_adam(arrays, step, {}, field.size(), gpu.stream());
        return;
    }
    constexpr std::int64_t grain = 1024;
    parallel_ranges(field.size(), grain, [&](auto begin, auto end) { whitened_adam_step(arrays, step, begin, end); });
}

}  // namespace gsfit
