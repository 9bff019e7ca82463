#include "gsfit/core/parallel.h"
#include "gsfit/gpu.h"
#include "optim/adam_arrays.h"

namespace gsfit {

void whitened_adam(Field& field, Moments& moments, const Gradients& gradients, const StepSizes& steps,
                   const ScaleBounds& bounds, const gpu::ScaledGradients* scaled) {
    const AdamArrays arrays = adam_arrays(field, moments, gradients);
    const WhitenedStep step{.position = steps.position,
                            .scale = steps.scale,
                            .rotation = steps.rotation,
                            .feature = steps.feature,
                            .beta1 = steps.betas.first,
                            .beta2 = steps.betas.second,
                            .shrinkage = steps.shrinkage,
                            .width = static_cast<float>(field.raster_width),
                            .height = static_cast<float>(field.raster_height),
                            .inv_scale_min = 1.0F / bounds.sigma_max,
                            .inv_scale_max = 1.0F / bounds.sigma_min};
    if (const Gpu gpu(field.position); gpu) {
        gpu->whitened_adam(arrays, step, scaled == nullptr ? gpu::ScaledGradients() : *scaled, field.size(),
                           gpu.stream());
        return;
    }
    constexpr std::int64_t grain = 1024;
    parallel_ranges(field.size(), grain, [&](auto begin, auto end) { whitened_adam_step(arrays, step, begin, end); });
}

}  // namespace gsfit
