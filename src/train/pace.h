#pragma once

#include "gsfit/train.h"
#include "train/schedule.h"

namespace gsfit {

/// How far one step brings a run. By steps: 1 / max_steps. By the clock: as far as it must for the schedule to end when
/// max_seconds are over, from the measured time per sample and the samples that the rest of the schedule has. Recipe
/// image_gs goes by steps, and the clock cuts it off.
class Pace {
public:
    Pace(const TrainOptions& options, const Schedule& schedule);

    /// Progress after the step that `state` counts last; `step_seconds` is what it took.
    double advance(const TrainState& state, double step_seconds);

    /// Steps that the whole run will have, as far as is known.
    [[nodiscard]] double steps() const { return steps_; }

    /// Until the end [s].
    [[nodiscard]] double seconds_left(const TrainState& state) const;

private:
    const TrainOptions& options_;
    const Schedule& schedule_;
    bool by_steps_;
    double steps_;
    double seconds_per_sample_ = 0;
};

}  // namespace gsfit
