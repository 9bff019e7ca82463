#include "gsfit/train/plan.h"

#include <algorithm>
#include <array>
#include <string>

#include "gsfit/memory/device_memory.h"
#include "train/amounts.h"

namespace gsfit {

namespace {

MemoryLimits host_limits(const MemoryOptions& options, std::int64_t program_bytes) {
    if (options.budget_bytes > 0) return {options.budget_bytes, options.critical, program_bytes};
    const HostMemory host = host_memory();
    return {host.resident + part(options.fraction, host.available), options.critical, program_bytes};
}

MemoryLimits device_limits(const MemoryOptions& options, const c10::Device& device) {
    if (device.is_cpu()) return {};
    const auto memory = device_memory(std::max<c10::DeviceIndex>(0, device.index()));
    const std::int64_t held = memory ? memory->allocated : 0;
    if (options.device_budget_bytes > 0) return {options.device_budget_bytes, options.critical, held};
    if (!memory) {
        throw DeviceError("how much memory is free on " + device.str() +
                          " is not known; say by device_memory_budget_gb how much a run may take");
    }
    return {memory->reserved + part(options.fraction, memory->free), options.critical, held};
}

MemorySettings asked_for(const TrainOptions& options) {
    const MemoryOptions& memory = options.memory;
    return {.amp = memory.amp,
            .checkpointing = memory.checkpointing && options.device.is_cpu(),
            .bands = std::max<std::int64_t>(1, memory.bands),
            .target_in_file = memory.target == MemoryOptions::Target::file};
}

/// The host's ladder is gone down first where that is short: on a GPU its one rung costs a run nothing but its start.
std::optional<MemorySettings> next_settings(const ImageInfo& image, const TrainOptions& options,
                                            const MemoryPlan& plan) {
    const PlannedSettings& row = plan.rows.back();
    std::array memories{Memory::device, Memory::host};
    if (!plan.fits(row, Memory::host)) std::ranges::reverse(memories);
    for (const Memory memory : memories) {
        if (auto cheaper = step_down(image, options, row.settings, memory)) return cheaper;
    }
    return std::nullopt;
}

}  // namespace

std::optional<MemorySettings> step_down(const ImageInfo& image, const TrainOptions& options,
                                        const MemorySettings& settings, Memory memory, bool amp_usable) {
    const bool file_usable = !options.memory.folder.empty() && options.memory.target != MemoryOptions::Target::memory;
    std::vector<MemorySettings> candidates(3, settings);
    candidates[0].amp |= amp_usable;
    candidates[1].bands *= 2;
    if (file_usable) {
        constexpr std::int64_t windows = 16;  // one band of a mapped target would be all of it
        candidates[2].target_in_file = true;
        if (options.device.is_cpu()) candidates[2].bands = std::max(settings.bands, windows);
    }
    const std::int64_t now = memory_bill(image, options, settings, memory).peak();
    for (const MemorySettings& candidate : candidates) {
        if (memory_bill(image, options, candidate, memory).peak() < now) return candidate;
    }
    return std::nullopt;
}

MemoryPlan plan_memory(const ImageInfo& image, const TrainOptions& options, std::int64_t program_bytes) {
    MemoryPlan plan{.host = host_limits(options.memory, program_bytes),
                    .device = device_limits(options.memory, options.device),
                    .where = options.device};
    const auto planned = [&](const MemorySettings& settings) {
        return PlannedSettings{settings, memory_bill(image, options, settings),
                               memory_bill(image, options, settings, Memory::device)};
    };
    for (auto settings = std::optional(asked_for(options)); settings; settings = next_settings(image, options, plan)) {
        plan.rows.push_back(planned(*settings));
    }
    const auto fits = [&](const PlannedSettings& row) { return plan.fits(row); };
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

TrainOptions within_memory(TrainOptions options, const ImageInfo& image, std::int64_t program_bytes) {
    const auto fits = [&] {
        const MemoryPlan plan = plan_memory(image, options, program_bytes);
        return plan.chosen < plan.rows.size();
    };
    while (options.num_gaussians > 1 && !fits()) options.num_gaussians /= 2;
    return options;
}

const PlannedSettings& MemoryPlan::choice() const {
    if (chosen == rows.size()) throw shortage();
    return rows[chosen];
}

MemoryError MemoryPlan::shortage(Memory memory) const {
    const bool on_host = memory == Memory::host;
    const MemoryLimits& there = limits(memory);
    const auto enough = static_cast<std::int64_t>(static_cast<double>(peak(rows.back(), memory)) / there.usable);
    return MemoryError((on_host ? "memory" : "the memory of " + where.str()) + " does not suffice: the budget is " +
                       gigabytes(there.budget_bytes) +
                       ", and the least that this image and this number of Gaussians need" + (on_host ? "" : " there") +
                       " is about " + gigabytes(enough + 5'000'000) +  // upwards
                       (on_host ? " (memory_budget_gb)" : " (device_memory_budget_gb)") +
                       "; free some, or take a smaller image or fewer Gaussians");
}

}  // namespace gsfit
