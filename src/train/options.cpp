#include <string>

#include "gsfit/core/error.h"
#include "gsfit/train.h"

namespace gsfit {

namespace {

void require(bool in_range, const std::string& name, const std::string& range) {
    if (!in_range) throw UsageError(name + " must be " + range);
}

}  // namespace

void MemoryOptions::check() const {
    require(bands >= 0 && bands <= max_bands, "checkpoint_bands", "auto or 1 to " + std::to_string(max_bands));
    require(budget_bytes >= 0, "memory_budget_gb", "0 (what is free) or above");
    require(device_budget_bytes >= 0, "device_memory_budget_gb", "0 (what is free) or above");
    require(fraction > 0 && fraction <= 1, "memory_fraction", "above 0 and at most 1");
    require(critical > 0 && critical <= 1, "memory_critical_threshold", "above 0 and at most 1");
    require(warning > 0 && warning <= critical, "memory_warning_threshold",
            "above 0 and at most memory_critical_threshold");
}

void TrainOptions::check() const {
    require(num_gaussians >= 1, "num_gaussians", "at least 1");
    require(max_steps >= 1, "max_steps", "at least 1");
    require(max_seconds >= 0, "max_seconds", "0 (off) or a time in seconds");
    require(blending.topk >= 1 && blending.topk <= max_topk, "topk", "1 to " + std::to_string(max_topk));
    require(loss.l1 >= 0 && loss.l2 >= 0, "Each of l1_loss_ratio and l2_loss_ratio", "0 or above");
    require(ssim_loss_ratio >= 0 && ssim_loss_ratio <= 1, "ssim_loss_ratio", "0 to 1");
    require(loss.l1 + loss.l2 + ssim_loss_ratio > 0, "The sum of l1_loss_ratio, l2_loss_ratio and ssim_loss_ratio",
            "above 0: otherwise there is nothing to train for");
    require(initial_ratio > 0 && initial_ratio <= 1, "initial_ratio", "above 0 and at most 1");
    require(init_random_ratio >= 0 && init_random_ratio <= 1, "init_random_ratio", "0 to 1");
    require(growth_times >= 0, "growth_times", "0 (by the number of steps) or above");
    require(growth_until > 0 && growth_until <= 1, "growth_until", "above 0 and at most 1");
    require(growth_sigma > 0, "growth_sigma", "above 0");
    require(position_step >= 0 && scale_step >= 0 && rotation_step >= 0 && feature_step >= 0, "Each step size",
            "0 (by the number of steps) or above");
    require(decay_from >= 0 && decay_from <= 1, "decay_from", "0 to 1");
    require(decay_floor > 0 && decay_floor <= 1, "decay_floor", "above 0 and at most 1");
    require(eval_steps >= 0, "eval_steps", "0 (only at the end) or above");
    memory.check();
}

}  // namespace gsfit
