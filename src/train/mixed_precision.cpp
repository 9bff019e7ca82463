#include "train/mixed_precision.h"

#include <algorithm>
#include <cmath>

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
    if (finite && std::isfinite(differential.loss)) {
        skipped_in_row_ = 0;
        return Verdict::take;
    }
    ++state.skipped_steps;
    constexpr int too_many = 20;
    return ++skipped_in_row_ >= too_many || !std::isfinite(differential.loss) ? Verdict::fail : Verdict::skip;
}

}  // namespace gsfit
