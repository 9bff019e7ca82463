#include "gsfit/optim/held.h"

#include "cuda/optim/hold.h"
#include "gsfit/core/error.h"
#include "gsfit/gaussians.h"
#include "gsfit/gpu.h"

namespace gsfit {
namespace {

gpu::Bounds bounds(const at::Tensor& least, const at::Tensor& most) {
    return {least.const_data_ptr<float>(), most.const_data_ptr<float>()};
}

}  // namespace

Held on_device(const Held& held, const at::Device& device) {
    return {.least = on_device(held.least, device), .most = on_device(held.most, device), .size = held.size.to(device)};
}

std::int64_t held_bytes(std::int64_t size, int channels) { return 2 * field_bytes(size, channels) + 2 * 4 * size; }

void hold(Field& field, const Held& held, const gpu::ScaledGradients& scaled) {
    const Gpu gpu(field.position);
    if (!gpu) throw Error("bounds that a kernel keeps need a field on a GPU");
    const gpu::HeldArrays arrays{.position = field.position.mutable_data_ptr<float>(),
                                 .inv_scale = field.inv_scale.mutable_data_ptr<float>(),
                                 .rotation = field.rotation.mutable_data_ptr<float>(),
                                 .feature = field.feature.mutable_data_ptr<float>(),
                                 .of_position = bounds(held.least.position, held.most.position),
                                 .of_inv_scale = bounds(held.least.inv_scale, held.most.inv_scale),
                                 .of_rotation = bounds(held.least.rotation, held.most.rotation),
                                 .of_feature = bounds(held.least.feature, held.most.feature),
                                 .of_size = held.size.const_data_ptr<float>(),
                                 .channels = field.channels()};
    gpu->hold(arrays, scaled.skip, field.size(), gpu.stream());
}

}  // namespace gsfit
