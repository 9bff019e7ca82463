#pragma once

#include <cstdint>

#include "gsfit/optim.h"
#include "gsfit/train.h"
#include "train/step_loss.h"

namespace gsfit {

/// What the recipe prescribes at each point of a run, for one image and one set of options (docs/recipe.md,
/// docs/image-gs.md). `progress` is the part of the run that is done, in [0, 1].
class Schedule {
public:
    Schedule(const TrainOptions& options, std::int64_t width, std::int64_t height);

    /// Mean distance between the field's Gaussians before any refinement [pixels].
    [[nodiscard]] double pitch() const { return pitch_; }

    /// Gaussians before any refinement.
    [[nodiscard]] std::int64_t base_count() const { return base_count_; }

    /// Gaussians to start with.
    [[nodiscard]] std::int64_t initial_count() const;

    /// Stride of the sub-lattice in a run of about `steps` steps: coarse for 40% of the run before any refinement, then
    /// half of that; at the end of a long run a quarter.
    [[nodiscard]] std::int64_t stride(double progress, double steps) const;

    /// Part of the run, from `progress` on, that each stride takes, times the samples of one of its lattices: what the
    /// rest of the run costs, in units of one step's samples if progress 1 were one step.
    [[nodiscard]] double samples_left(double progress, double steps) const;

    /// Samples of a lattice of this stride.
    [[nodiscard]] double samples(std::int64_t stride) const;

    /// Additions that are due by now.
    [[nodiscard]] std::int64_t growths_due(const TrainState& state) const;

    /// Whether all additions are done.
    [[nodiscard]] bool is_grown(const TrainState& state) const { return state.growths >= growth_times(); }

    /// Rounds of refinement that are to have begun by then: they share what is left of the run after `base_share`.
    [[nodiscard]] std::int64_t rounds_due(double progress) const;

    /// Gaussians that one addition adds.
    [[nodiscard]] std::int64_t growth_count() const;

    /// Sigma of an added Gaussian [pixels].
    [[nodiscard]] float growth_sigma() const;

    /// Whether a run moves Gaussians at all.
    [[nodiscard]] bool relocates() const;

    /// Gaussians to be moved to where they are worth more after the state's step.
    [[nodiscard]] std::int64_t relocated_count(const TrainState& state) const;

    /// Stride of the sub-lattice that tells what Gaussians are worth: the fine one, since the smallest are seen by few
    /// samples of the coarse one.
    [[nodiscard]] std::int64_t removal_stride() const { return fine_; }

    /// The loss of a step.
    [[nodiscard]] StepLoss loss(double progress) const;
    /// With all terms that a step of the run has.
    [[nodiscard]] StepLoss fullest_loss() const;

    /// Part of the full step sizes.
    [[nodiscard]] float step_scale(const TrainState& state) const;

    /// The optimiser's next step, in a run of about `steps` steps.
    [[nodiscard]] AdamStep adam_step(const TrainState& state, double steps) const;

private:
    /// The part of the run that the coarse sub-lattice takes, and where the finest one begins.
    [[nodiscard]] double coarse_end() const;
    [[nodiscard]] double finest_start(double steps) const;
    [[nodiscard]] std::int64_t growth_times() const;
    [[nodiscard]] double round_length() const;
    [[nodiscard]] StepSizes step_sizes(float scale, double steps) const;
    [[nodiscard]] ScaleBounds scale_bounds() const;

    TrainOptions options_;
    std::int64_t width_;
    std::int64_t height_;
    std::int64_t base_count_;
    double base_share_;  // part of the run before any refinement
    double pitch_;
    std::int64_t coarse_;  // stride of the first part
    std::int64_t fine_;    // stride of the rest
    std::int64_t finest_;  // stride at the end of a long run
};

}  // namespace gsfit
