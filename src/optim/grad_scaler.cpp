#include <ATen/ops/_amp_foreach_non_finite_check_and_unscale.h>
#include <ATen/ops/_amp_update_scale.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "gsfit/core/error.h"
#include "gsfit/core/loss_scaling.h"
#include "gsfit/optim.h"

namespace gsfit {

GradScaler::GradScaler(LossScale& state) : state_(state) {
    if (!std::isfinite(state.scale) || state.scale < loss_scaling::least || state.good_steps < 0 ||
        state.good_steps >= loss_scaling::growth_interval) {
        throw Error("a loss scale must be finite and at least 2^-126, with less than 2000 good steps");
    }
}

at::Tensor GradScaler::scale(const at::Tensor& loss) const { return loss.mul(state_.scale); }

bool GradScaler::unscale(Gradients& gradients) {
    if (found_inf_.defined()) {
        throw Error("gradients are unscaled once a step: the last step has not been ended by update()");
    }
    found_inf_ = at::zeros({1}, gradients.position.options());
    const at::Tensor inv_scale = at::full({1}, 1.0F / state_.scale, gradients.position.options());
    const std::array<at::Tensor, 4> all{gradients.position, gradients.inv_scale, gradients.rotation, gradients.feature};
    at::_amp_foreach_non_finite_check_and_unscale_(all, found_inf_, inv_scale);
    return found_inf_.item<float>() == 0.0F;
}

void GradScaler::update() {
    if (!found_inf_.defined()) {
        throw Error("a loss scale is updated after a step's gradients have been unscaled, not before");
    }
    at::Tensor scale = at::full({1}, state_.scale, found_inf_.options());
    at::Tensor good_steps = at::full({1}, state_.good_steps, found_inf_.options().dtype(at::kInt));
    at::_amp_update_scale_(scale, good_steps, found_inf_, loss_scaling::growth, loss_scaling::backoff,
                           loss_scaling::growth_interval);
    state_ = {.scale = std::max(scale.item<float>(), loss_scaling::least), .good_steps = good_steps.item<int>()};
    found_inf_.reset();
}

}  // namespace gsfit
