#include "train/mixed_precision.h"

#include <algorithm>
#include <cmath>

#include "gsfit/core/loss_scaling.h"

namespace gsfit {

LossScale MixedPrecision::first_scale(double values) {
    constexpr double headroom = 16;  // a difference of 1 in every value has gradients below 1
    const double fitting = std::exp2(std::floor(std::log2(values))) / headroom;
    return {.scale = std::max(LossScale().scale, static_cast<float>(fitting))};
}

MixedPrecision::Verdict MixedPrecision::judge(Differential& differential, TrainState& state) {
    GradScaler scaler(state.loss_scale);
    const bool finite = scaler.unscale(differential.gradients);
    scaler.update();
    const bool loss_finite = std::isfinite(differential.loss.item<double>());
    if (finite && loss_finite) {
        skipped_in_row_ = 0;
        return Verdict::take;
    }
    ++state.skipped_steps;
    return ++skipped_in_row_ >= loss_scaling::most_skipped_in_row || !loss_finite ? Verdict::fail : Verdict::skip;
}

}  // namespace gsfit
