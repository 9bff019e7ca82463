#include <algorithm>
#include <cmath>
#include <limits>

#include "optim/adam_constants.h"
#include "optim/adam_kernels.h"

namespace gsfit {

namespace {

/// Adam's memory of one Gaussian.
class Memory {
public:
    /// Counts the step.
    void remember(const AdamArrays& arrays, std::int64_t i) {
        const std::int64_t columns = 5 + arrays.channels;
        first_ = arrays.first + i * columns;
        second_ = arrays.second + i * columns;
        if (arrays.age[i] < std::numeric_limits<std::int32_t>::max()) ++arrays.age[i];
        if (arrays.age[i] == age_) return;  // neighbours are mostly of one age
        age_ = arrays.age[i];
        correction1_ = static_cast<float>(1.0 - std::pow(static_cast<double>(plain_beta1), age_));
        correction2_ = static_cast<float>(1.0 - std::pow(static_cast<double>(plain_beta2), age_));
    }

    /// Updates the moments of column k with its gradient; returns the step's direction.
    [[nodiscard]] float direction(int k, float gradient) const {
        if (!std::isfinite(gradient)) gradient = 0.0F;
        first_[k] = (1.0F - plain_beta1) * gradient + plain_beta1 * first_[k];
        second_[k] = (1.0F - plain_beta2) * gradient * gradient + plain_beta2 * second_[k];
        return first_[k] / (correction1_ * (std::sqrt(second_[k] / correction2_) + plain_eps));
    }

private:
    float* first_ = nullptr;
    float* second_ = nullptr;
    std::int32_t age_ = 0;
    float correction1_ = 1;  // 1 - beta^age
    float correction2_ = 1;
};

/// One of the inverse scales u after a step; column k of the moments.
float stepped_scale(float u, float gradient, int k, const PlainStep& step, const Memory& memory) {
    const float stepped = step.of_sigma ? 1.0F / (1.0F / u - step.scale * memory.direction(k, -gradient * u * u))
                                        : u - step.scale * memory.direction(k, gradient);
    // What crossed zero has gone to infinity by 1 / sigma, to nothing by sigma.
    if (!(stepped > 0)) return step.of_sigma ? most_inv_scale : least_inv_scale;
    return std::clamp(stepped, least_inv_scale, most_inv_scale);
}

}  // namespace

void plain_adam_step(const AdamArrays& arrays, const PlainStep& step, std::int64_t begin, std::int64_t end) {
    Memory memory;
    for (std::int64_t i = begin; i < end; ++i) {
        memory.remember(arrays, i);
        for (int k = 0; k < 2; ++k) {
            arrays.position[2 * i + k] -= step.position * memory.direction(k, arrays.grad_position[2 * i + k]);
            float& u = arrays.inv_scale[2 * i + k];
            u = stepped_scale(u, arrays.grad_inv_scale[2 * i + k], 2 + k, step, memory);
        }
        arrays.rotation[i] -= step.rotation * memory.direction(4, arrays.grad_rotation[i]);
        for (int c = 0; c < arrays.channels; ++c) {
            const std::int64_t place = i * arrays.channels + c;
            arrays.feature[place] -= step.feature * memory.direction(5 + c, arrays.grad_feature[place]);
        }
    }
}

}  // namespace gsfit
