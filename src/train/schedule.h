#pragma once

#include <cstdint>

#include "gsfit/optim.h"
#include "gsfit/train.h"

namespace gsfit {

/// What the recipe prescribes at each point of a run, for one image and one set of options (docs/recipe.md). `progress`
/// is the part of the run that is done, in [0, 1].
class Schedule {
public:
    Schedule(const TrainOptions& options, std::int64_t width, std::int64_t height);

    /// Mean distance between the finished field's Gaussians [pixels].
    [[nodiscard]] double pitch() const { return pitch_; }

    /// Gaussians to start with.
    [[nodiscard]] std::int64_t initial_count() const;

    /// Stride of the sub-lattice: coarse for 40% of the run, half of that for 40%, a quarter to the end.
    [[nodiscard]] std::int64_t stride(double progress) const;

    /// Part of the run, from `progress` on, that each stride takes, times the samples of one of its lattices: what the
    /// rest of the run costs, in units of one step's samples if progress 1 were one step.
    [[nodiscard]] double samples_left(double progress) const;

    /// Samples of a lattice of this stride.
    [[nodiscard]] double samples(std::int64_t stride) const;

    /// Additions that are due by then.
    [[nodiscard]] std::int64_t growths_due(double progress) const;

    /// Gaussians that one addition adds.
    [[nodiscard]] std::int64_t growth_count() const;

    /// Sigma of an added Gaussian [pixels].
    [[nodiscard]] float growth_sigma() const;

    /// Part of the full step sizes: 1, then a cosine down to the floor.
    [[nodiscard]] float step_scale(double progress) const;

    /// Step sizes for a run of about `steps` steps.
    [[nodiscard]] StepSizes step_sizes(double progress, double steps) const;

    [[nodiscard]] ScaleBounds scale_bounds() const;

private:
    [[nodiscard]] std::int64_t growth_times() const;

    TrainOptions options_;
    std::int64_t width_;
    std::int64_t height_;
    double pitch_;
    std::int64_t coarse_;  // stride of the first part
    std::int64_t fine_;    // stride of the last part
};

}  // namespace gsfit
