#include <ATen/ops/zeros.h>

#include <vector>

#include "gsfit/core/error.h"
#include "optim/adam_arrays.h"
#include "optim/adam_constants.h"

namespace gsfit {

static_assert(Moments::pairs == geometry_pairs);

Moments Moments::zeros(std::int64_t size, int channels, const at::Device& device) {
    const auto options = at::TensorOptions(device).dtype(at::kFloat);
    return {.first = at::zeros({size, 5 + channels}, options),
            .second = at::zeros({size, 5 + channels}, options),
            .products = at::zeros({size, pairs}, options),
            .age = at::zeros({size}, options.dtype(at::kInt))};
}

std::int64_t moments_bytes(std::int64_t size, int channels) {
    return size * ((2 * (5 + channels) + Moments::pairs) * static_cast<std::int64_t>(sizeof(float)) +
                   static_cast<std::int64_t>(sizeof(std::int32_t)));
}

AdamArrays adam_arrays(Field& field, Moments& moments, const Gradients& gradients) {
    const auto same = [](const at::Tensor& gradient, const at::Tensor& parameter) {
        return gradient.defined() && gradient.sizes() == parameter.sizes() && gradient.is_contiguous();
    };
    if (!same(gradients.position, field.position) || !same(gradients.inv_scale, field.inv_scale) ||
        !same(gradients.rotation, field.rotation) || !same(gradients.feature, field.feature)) {
        throw Error("a step of Adam needs a contiguous gradient for each parameter of the field");
    }
    const std::vector<std::int64_t> shape{field.size(), 5 + field.channels()};
    if (field.channels() > max_channels || moments.age.numel() != field.size() || moments.first.sizes() != shape ||
        moments.second.sizes() != shape || moments.products.sizes() != at::IntArrayRef{field.size(), Moments::pairs}) {
        throw Error("Adam's moments belong to another field");
    }
    return {.position = field.position.data_ptr<float>(),
            .inv_scale = field.inv_scale.data_ptr<float>(),
            .rotation = field.rotation.data_ptr<float>(),
            .feature = field.feature.data_ptr<float>(),
            .grad_position = gradients.position.const_data_ptr<float>(),
            .grad_inv_scale = gradients.inv_scale.const_data_ptr<float>(),
            .grad_rotation = gradients.rotation.const_data_ptr<float>(),
            .grad_feature = gradients.feature.const_data_ptr<float>(),
            .first = moments.first.data_ptr<float>(),
            .second = moments.second.data_ptr<float>(),
            .products = moments.products.data_ptr<float>(),
            .age = moments.age.data_ptr<std::int32_t>(),
            .channels = field.channels()};
}

}  // namespace gsfit
