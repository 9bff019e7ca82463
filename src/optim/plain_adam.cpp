#include "gsfit/core/parallel.h"
#include "gsfit/gpu.h"
#include "optim/adam_arrays.h"

namespace gsfit {

void plain_adam(Field& field, Moments& moments, const Gradients& gradients, const LearningRates& rates,
                const gpu::ScaledGradients* scaled) {
    const AdamArrays arrays = adam_arrays(field, moments, gradients);
    const PlainStep step{.position = rates.position,
                         .scale = rates.scale,
                         .rotation = rates.rotation,
                         .feature = rates.feature,
                         .of_sigma = rates.of_sigma};
    if (const Gpu gpu(field.position); gpu) {
        gpu->plain_adam(arrays, step, scaled == nullptr ? gpu::ScaledGradients() : *scaled, field.size(), gpu.stream());
        return;
    }
    constexpr std::int64_t grain = 1024;
    parallel_ranges(field.size(), grain, [&](auto begin, auto end) { plain_adam_step(arrays, step, begin, end); });
}

}  // namespace gsfit
