#include "gsfit/optim.h"

namespace gsfit {

void adam(Field& field, Moments& moments, const Gradients& gradients, const AdamStep& step,
          const gpu::ScaledGradients* scaled) {
    if (const auto* rates = std::get_if<LearningRates>(&step)) {
        plain_adam(field, moments, gradients, *rates, scaled);
    } else {
        const auto& [steps, bounds] = std::get<WhitenedRates>(step);
        whitened_adam(field, moments, gradients, steps, bounds, scaled);
    }
}

}  // namespace gsfit
