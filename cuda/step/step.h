#pragma once

#include <cstddef>
#include <cstdint>

#include "cuda/stream.h"
#include "gsfit/core/views.h"

namespace gsfit::gpu {

// What a training step on a GPU needs so that the host need not wait for it: its pixels side by side, and a judge on
// the device.

/// The target's pixels at the lattice's samples, side by side: staged [height,width,channels] of the target's bits.
void stage_target(const PackedView& target, const Lattice& lattice, std::byte* staged, Stream stream);

/// What one step adds up.
struct StepTally {
    std::uint64_t pairs;       ///< of splats and tiles, in the band that has most
    double loss[3];            ///< sums that make up the loss; LossSums (cuda/loss/loss.h) for a drawn image
    std::uint32_t non_finite;  ///< 1: a gradient is not finite
};

/// All zero, as it is before a step.
void clear(StepTally* tally, Stream stream);

/// tally.loss[0] += part: the loss of a band, on the device.
void add_loss(const double* part, StepTally* tally, Stream stream);

/// Sets tally.non_finite where one of so many gradients is not finite.
void check_finite(const float* gradients, std::int64_t count, StepTally* tally, Stream stream);

/// What steps leave for the host to read, when it comes to it. Once it is halted, no step changes anything.
struct StepReport {
    enum class Halt : std::uint32_t {
        none,
        overflow,    ///< there were more pairs than room; the step is to be done again
        amp_failed,  ///< half precision cannot go on (docs/memory.md); the step was skipped
    };
    Halt halt = Halt::none;
    float skip = 0;               ///< of the last step: 1 when it was not taken
    float used_scale = 1;         ///< that its gradients were multiplied with
    float scale = 1;              ///< for the next one
    std::int32_t good_steps = 0;  ///< since the scale last changed
    std::int32_t skipped_in_row = 0;
    std::int64_t skipped = 0;
    std::uint64_t pairs = 0;  ///< of the last step
    double loss = 0;
};

/// How a step is judged.
struct StepRules {
    std::int64_t capacity;   ///< pairs that there is room for
    double loss_factors[3];  ///< loss = their scalar product with tally.loss
    bool half;               ///< images are in half precision: the loss is scaled
};

/// Decides whether the step is taken, as GradScaler and MixedPrecision do, and writes the report.
void judge(const StepRules& rules, const StepTally* tally, StepReport* report, Stream stream);

}  // namespace gsfit::gpu
