#pragma once

#include <cmath>

#include "cuda/grid.h"
#include "cuda/packed.cuh"
#include "cuda/simt.h"
#include "cuda/step/step.h"
#include "gsfit/core/loss_scaling.h"

namespace gsfit::gpu {

__global__ void stage(PackedView target, Lattice lattice, std::byte* staged) {
    const std::int64_t i = thread_item();
    if (i >= lattice.width * lattice.height) return;
    const std::int64_t column = i % lattice.width;
    const std::int64_t row = i / lattice.width;
    const std::byte* pixel =
        target_pixel(target, lattice.x + column * lattice.stride, lattice.y + row * lattice.stride);
    const int bytes = target.channels * (target.bits / 8);
    for (int k = 0; k < bytes; ++k) staged[i * bytes + k] = pixel[k];
}

__global__ void add_part(const double* part, StepTally* tally) { tally->loss[0] += *part; }

__global__ void find_non_finite(const float* gradients, std::int64_t count, StepTally* tally) {
    const std::int64_t i = thread_item();
    if (i < count && !isfinite(gradients[i])) atomicOr(&tally->non_finite, 1U);
}

/// GradScaler::update().
__device__ inline void update_scale(bool finite, StepReport& report) {
    if (!finite) {
        report.scale = fmaxf(report.scale * loss_scaling::backoff, loss_scaling::least);
        report.good_steps = 0;
    } else if (++report.good_steps == loss_scaling::growth_interval) {
        const float larger = report.scale * loss_scaling::growth;
        if (isfinite(larger)) report.scale = larger;
        report.good_steps = 0;
    }
}

/// MixedPrecision::judge(); true when the step is to be taken.
__device__ inline bool judge_half(bool finite_gradients, StepReport& report) {
    report.used_scale = report.scale;
    update_scale(finite_gradients, report);
    const bool finite_loss = isfinite(report.loss);
    if (finite_gradients && finite_loss) {
        report.skipped_in_row = 0;
        return true;
    }
    ++report.skipped;
    if (++report.skipped_in_row >= loss_scaling::most_skipped_in_row || !finite_loss)
        report.halt = StepReport::Halt::amp_failed;
    return false;
}

__global__ void judge_step(StepRules rules, const StepTally* tally, StepReport* report) {
    report->skip = 1.0F;
    if (report->halt != StepReport::Halt::none) return;
    report->pairs = tally->pairs;
    if (static_cast<std::int64_t>(tally->pairs) > rules.capacity) {
        report->halt = StepReport::Halt::overflow;
        return;
    }
    double loss = 0;
    for (int k = 0; k < 3; ++k) loss += rules.loss_factors[k] * tally->loss[k];
    report->loss = loss;
    report->used_scale = 1.0F;
    const bool taken = !rules.half || judge_half(tally->non_finite == 0, *report);
    report->skip = taken ? 0.0F : 1.0F;
}

}  // namespace gsfit::gpu
