#pragma once

// A small training state with a different value in every place.

#include <ATen/ops/empty.h>

#include "gsfit/train.h"

namespace gsfit {

inline at::Tensor counting(at::IntArrayRef shape, float first, float step) {
    at::Tensor tensor = at::empty(shape, at::kFloat);
    auto* values = tensor.mutable_data_ptr<float>();
    for (std::int64_t i = 0; i < tensor.numel(); ++i) values[i] = first + static_cast<float>(i) * step;
    return tensor;
}

inline TrainState example_state(std::int64_t size = 3, std::int64_t channels = 3) {
    TrainState state;
    state.field.position = counting({size, 2}, 0.1F, 0.07F);
    state.field.inv_scale = counting({size, 2}, 0.3F, 1.0F / 3.0F);
    state.field.rotation = counting({size, 1}, -1.7F, 0.9F);
    state.field.feature = counting({size, channels}, -0.2F, 0.11F);
    state.field.raster_width = 640;
    state.field.raster_height = 427;
    state.maps = maps_of_channels(static_cast<int>(channels));
    state.blending = {Blend::sum, 3.3333333F, 1.0F / 7.0F, 13, Support::tile16};
    state.moments.first = counting({size, 5 + channels}, -1e-9F, 3e-10F);
    state.moments.second = counting({size, 5 + channels}, 0.0F, 1e-41F);  // denormal
    state.moments.products = counting({size, Moments::pairs}, -1e-18F, 1e-19F);
    state.moments.age = at::empty({size}, at::kInt);
    for (std::int64_t i = 0; i < size; ++i) state.moments.age.mutable_data_ptr<int>()[i] = static_cast<int>(7 * i);
    state.step = 1023456789;
    state.progress = 1.0 / 3.0;
    state.seconds = 12345.678901234567;
    state.initial_gaussians = 1;
    state.growths = 5;
    state.random = {0xffffffffffffffff, 0, 0x0123456789abcdef, 42};
    state.phase_stride = 4;
    state.phases = {15, 0, 7};
    state.loss_scale = {.scale = 1.0F / 3.0F, .good_steps = 1998};
    state.skipped_steps = 11;
    state.plateau = {.best_psnr = 100.0 / 3.0, .best_ssim = 2.0 / 3.0, .idle_steps = 300, .decays = 1};
    return state;
}

}  // namespace gsfit
