#include "gsfit/train/plan.h"

#include <algorithm>
#include <string>

#include "gsfit/memory.h"
#include "train/amounts.h"

namespace gsfit {

namespace {

std::int64_t budget_of(const MemoryOptions& options) {
    if (options.budget_bytes > 0) return options.budget_bytes;
    const HostMemory host = host_memory();
    return host.resident + part(options.fraction, host.available);
}

MemorySettings asked_for(const MemoryOptions& options) {
    return {.amp = options.amp,
            .checkpointing = options.checkpointing,
            .bands = std::max<std::int64_t>(1, options.bands),
            .target_in_file = options.target == MemoryOptions::Target::file};
}

}  // namespace

std::optional<MemorySettings> step_down(const ImageInfo& image, const TrainOptions& options,
                                        const MemorySettings& settings, bool amp_usable) {
    const bool file_usable = !options.memory.folder.empty() && options.memory.target != MemoryOptions::Target::memory;
    std::vector<MemorySettings> candidates(3, settings);
    candidates[0].amp |= amp_usable;
    candidates[1].bands *= 2;
    if (file_usable) {
        constexpr std::int64_t windows = 16;  // one band of a mapped target would be all of it
        candidates[2].target_in_file = true;
        candidates[2].bands = std::max(settings.bands, windows);
    }
    const std::int64_t now = memory_bill(image, options, settings).peak();
    for (const MemorySettings& candidate : candidates) {
        if (memory_bill(image, options, candidate).peak() < now) return candidate;
    }
    return std::nullopt;
}

MemoryPlan plan_memory(const ImageInfo& image, const TrainOptions& options, std::int64_t program_bytes) {
    MemoryPlan plan;
    plan.program_bytes = program_bytes;
    plan.budget_bytes = budget_of(options.memory);
    plan.usable_bytes = part(options.memory.critical, plan.budget_bytes);
    const auto planned = [&](const MemorySettings& settings) {
        return PlannedSettings{settings, memory_bill(image, options, settings)};
    };
    const auto fits = [&](const PlannedSettings& row) { return plan.peak(row) <= plan.usable_bytes; };
    for (auto settings = std::optional(asked_for(options.memory)); settings;
         settings = step_down(image, options, *settings)) {
        plan.rows.push_back(planned(*settings));
    }
    plan.chosen = static_cast<std::size_t>(std::ranges::find_if(plan.rows, fits) - plan.rows.begin());
    if (plan.chosen == 0 || plan.chosen == plan.rows.size()) return plan;
    // Bands double from row to row; fewer than the chosen row's may do.
    const MemorySettings chosen = plan.rows[plan.chosen].settings;
    MemorySettings fewer = chosen;
    for (fewer.bands = plan.rows[plan.chosen - 1].settings.bands + 1; fewer.bands < chosen.bands; ++fewer.bands) {
        if (const PlannedSettings row = planned(fewer); fits(row)) {
            plan.rows.insert(plan.rows.begin() + static_cast<std::ptrdiff_t>(plan.chosen), row);
            break;
        }
    }
    return plan;
}

const PlannedSettings& MemoryPlan::choice() const {
    if (chosen == rows.size()) throw shortage();
    return rows[chosen];
}

MemoryError MemoryPlan::shortage() const {
    const double usable = static_cast<double>(usable_bytes) / static_cast<double>(budget_bytes);
    const auto enough = static_cast<std::int64_t>(static_cast<double>(peak(rows.back())) / usable);
    return MemoryError("memory does not suffice: the budget is " + gigabytes(budget_bytes) +
                       ", and the least that this image and this number of Gaussians need is about " +
                       gigabytes(enough + 5'000'000) +  // upwards
                       " (memory_budget_gb); free some, or take a smaller image or fewer Gaussians");
}

}  // namespace gsfit
