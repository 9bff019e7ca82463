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

void ImageGsOptions::check() const {
    require(init_scale > 0, "init_scale", "above 0");
    require(saliency_blur >= 0, "smap_filter_size", "0 or above");
    require(rates.position >= 0 && rates.scale >= 0 && rates.rotation >= 0 && rates.feature >= 0, "Each learning rate",
            "0 or above");
    require(decay_ratio >= 1, "decay_ratio", "at least 1");
    require(patience >= 1, "check_decay_steps", "at least 1");
    require(max_decays >= 0, "max_decay_times", "0 or above");
    require(decay_threshold >= 0, "decay_threshold", "0 or above");
    require(add_steps >= 1 && add_times >= 1, "Each of add_steps and add_times", "at least 1");
}

void Refinement::check() const {
    require(patch_size >= 16 && patch_size <= 4096, "adaptive_patch_size", "16 to 4096");
    require(overlap >= 0 && 2 * overlap < patch_size, "adaptive_overlap", "less than half of adaptive_patch_size");
    require(psnr_weight >= 0 && ssim_weight >= 0 && psnr_weight + ssim_weight > 0,
            "Each of adaptive_psnr_weight and adaptive_ssim_weight", "0 or above, and one of them above 0");
    require(increment >= 1 && most_per_patch >= 1,
            "Each of adaptive_refinement_increment and "
            "adaptive_max_gaussians_per_patch",
            "at least 1");
    require(rounds >= 1, "adaptive_max_iterations", "at least 1");
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
    require(initial_gaussians >= 0 && initial_gaussians <= num_gaussians, "initial_gaussians",
            "0 (by initial_ratio) to num_gaussians");
    require(init_random_ratio >= 0 && init_random_ratio <= 1, "init_random_ratio", "0 to 1");
    require(growth_times >= 0, "growth_times", "0 (by the number of steps) or above");
    require(growth_until > 0 && growth_until <= 1, "growth_until", "above 0 and at most 1");
    require(growth_sigma > 0, "growth_sigma", "above 0");
    require(position_step >= 0 && scale_step >= 0 && rotation_step >= 0 && feature_step >= 0, "Each step size",
            "0 (by the number of steps) or above");
    require(relocate_ratio >= 0 && relocate_ratio < 1, "relocate_ratio", "0 (off) or more, below 1");
    require(relocate_steps >= 1, "relocate_steps", "at least 1");
    require(relocate_from >= 0 && relocate_until <= 1, "Each of relocate_from and relocate_until", "0 to 1");
    require(ssim_from >= 0 && ssim_from <= 1, "ssim_from", "0 to 1");
    require(decay_from >= 0 && decay_from <= 1, "decay_from", "0 to 1");
    require(decay_floor > 0 && decay_floor <= 1, "decay_floor", "above 0 and at most 1");
    require(eval_steps >= 0, "eval_steps", "0 (only at the end) or above");
    require(!image_gs || !image_gs->lower_rates || eval_steps > 0, "eval_steps",
            "above 0 for recipe image_gs, unless disable_lr_schedule is set");
    require(!hold || device.is_cpu(), "device", "cpu for a run whose field is held");
    if (image_gs) image_gs->check();
    if (refinement) refinement->check();
    require(!refinement || num_gaussians > refinement->rounds * refinement->increment, "num_gaussians",
            "more than the rounds of refinement add");
    if (quantisation) quantisation->check();
    memory.check();
}

}  // namespace gsfit
