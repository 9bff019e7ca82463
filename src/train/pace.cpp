#include "train/pace.h"

#include <algorithm>

namespace gsfit {

namespace {

constexpr double steps_before_measured = 500;

}  // namespace

Pace::Pace(const TrainOptions& options, const Schedule& schedule)
    : options_(options),
      schedule_(schedule),
      by_steps_(options.max_seconds == 0 || options.image_gs),
      steps_(!by_steps_ ? steps_before_measured : static_cast<double>(options.max_steps)) {}

double Pace::advance(const TrainState& state, double step_seconds) {
    const double per_sample = step_seconds / schedule_.samples(schedule_.stride(state.progress, steps_));
    constexpr double newest = 0.1;  // weight of the last step in the running mean
    // The first steps pay for what is made once: the first that takes less than half counts alone.
    const bool alone = seconds_per_sample_ == 0 || per_sample < 0.5 * seconds_per_sample_;
    seconds_per_sample_ += (alone ? 1.0 : newest) * (per_sample - seconds_per_sample_);
    const double seconds_left = options_.max_seconds - state.seconds;
    if (options_.max_seconds > 0 && seconds_left <= 0) return 1.0;
    if (by_steps_) return static_cast<double>(state.step) / static_cast<double>(options_.max_steps);
    const double work_left = schedule_.samples_left(state.progress, steps_) * seconds_per_sample_;
    const double advance = work_left / seconds_left;
    steps_ = static_cast<double>(state.step) + (1.0 - state.progress) / advance;
    return std::min(1.0, state.progress + advance);
}

double Pace::seconds_left(const TrainState& state) const {
    if (options_.max_seconds > 0) return std::max(0.0, options_.max_seconds - state.seconds);
    return schedule_.samples_left(state.progress, steps_) * seconds_per_sample_ * steps_;
}

}  // namespace gsfit
