// The rules that more than one key takes part in.

#include "config/rules.h"

#include <array>

#include "config/schema.h"
#include "gsfit/core/error.h"

namespace gsfit {

std::span<const Replacement> replacements() {
    static const std::array rules{
        Replacement{find_key("max_seconds").value(), find_key("max_steps").value(),
                    "a run ends by the clock or after its steps"},
    };
    return rules;
}

void check_together(const Config& config) {
    if (config.number("l1_loss_ratio") + config.number("l2_loss_ratio") + config.number("ssim_loss_ratio") == 0) {
        throw UsageError("l1_loss_ratio, l2_loss_ratio and ssim_loss_ratio are all 0; give at least one a weight");
    }
    if (config.number("memory_warning_threshold") > config.number("memory_critical_threshold")) {
        throw UsageError("memory_warning_threshold is above memory_critical_threshold; lower it");
    }
}

}  // namespace gsfit
