// The rules that more than one key takes part in.

#include "config/rules.h"

#include <array>

#include "config/schema.h"
#include "gsfit/core/error.h"

namespace gsfit {

/// Recipe image_gs goes by steps, and the clock cuts it off.
std::span<const Replacement> replacements(Recipe recipe) {
    static const std::array rules{
        Replacement{find_key("max_seconds").value(), find_key("max_steps").value(),
                    "a run ends by the clock or after its steps"},
        Replacement{find_key("target_psnr").value(), find_key("num_gaussians").value(), "one is told, or found out"},
        Replacement{find_key("target_bytes").value(), find_key("num_gaussians").value(),
                    "one is told, or follows from the other"},
        Replacement{find_key("target_psnr").value(), find_key("target_bytes").value(),
                    "each tells how many Gaussians there are"},
    };
    return recipe == Recipe::gsfit ? std::span<const Replacement>(rules) : std::span<const Replacement>();
}

namespace {

void check_start(const Config& config) {
    const bool from_field = config.boolean("init_from_checkpoint");
    if (from_field && config.text("init_checkpoint_path").empty()) {
        throw UsageError("init_from_checkpoint is set without a field to start from; name one by init_checkpoint_path");
    }
    if (!from_field && !config.text("init_checkpoint_path").empty()) {
        throw UsageError(
            "init_checkpoint_path names a field to start from without init_from_checkpoint; set that or leave it out");
    }
    if (!from_field && config.boolean("init_partial")) {
        throw UsageError("init_partial is set without init_from_checkpoint; set that too or leave it out");
    }
}

}  // namespace

void check_together(const Config& config) {
    if (config.number("l1_loss_ratio") + config.number("l2_loss_ratio") + config.number("ssim_loss_ratio") == 0) {
        throw UsageError("l1_loss_ratio, l2_loss_ratio and ssim_loss_ratio are all 0; give at least one a weight");
    }
    check_start(config);
    if (config.number("memory_warning_threshold") > config.number("memory_critical_threshold")) {
        throw UsageError("memory_warning_threshold is above memory_critical_threshold; lower it");
    }
    if (config.boolean("adaptive_refinement") &&
        (config.number("target_psnr") > 0 || config.integer("target_bytes") > 0)) {
        throw UsageError(
            "adaptive_refinement has Gaussians of its own number, and target_psnr or target_bytes is set too; leave "
            "that "
            "out");
    }
    if (config.integer("num_gaussians") == 0 &&
        (config.boolean("adaptive_refinement") || config.recipe() == Recipe::image_gs)) {
        throw UsageError(
            "num_gaussians is auto, which neither adaptive_refinement nor recipe image_gs takes; give a number");
    }
    const auto is_flag = [&](const char* key) { return config.origin(key).level == Origin::Level::flag; };
    if (config.boolean("adaptive_refinement") && is_flag("num_gaussians")) {
        throw UsageError("--num_gaussians is given and adaptive_refinement is true; give --adaptive_base_gaussians");
    }
    if (2 * config.integer("adaptive_overlap") >= config.integer("adaptive_patch_size")) {
        throw UsageError("adaptive_overlap is not less than half of adaptive_patch_size; lower it");
    }
    if (config.number("adaptive_psnr_weight") + config.number("adaptive_ssim_weight") == 0) {
        throw UsageError("adaptive_psnr_weight and adaptive_ssim_weight are both 0; give one of them a weight");
    }
    if (config.boolean("disable_topk_norm") && is_flag("blend")) {
        throw UsageError("--blend is given and disable_topk_norm is true; leave one of them out");
    }
    if (config.recipe() == Recipe::image_gs && !config.boolean("disable_lr_schedule") &&
        config.integer("eval_steps") == 0) {
        throw UsageError(
            "eval_steps is 0, and the learning rates of recipe image_gs follow its evaluations; set it, or "
            "disable_lr_schedule too");
    }
}

}  // namespace gsfit
