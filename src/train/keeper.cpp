#include "train/keeper.h"

#include <algorithm>
#include <utility>

#include "gsfit/memory/device_memory.h"
#include "gsfit/raster.h"
#include "train/amounts.h"

namespace gsfit {

namespace {

/// What a change of settings means, in words.
std::string describe(const MemorySettings& from, const MemorySettings& to) {
    if (to.amp != from.amp) return "images are kept in half precision from now on";
    if (to.target_in_file != from.target_in_file) return "the target image lies in a file from now on";
    return "a step works in " + std::to_string(to.bands) + " bands from now on";
}

std::int64_t bytes_besides_target(const PackedImage& target) {
    const std::int64_t of_target = target.in_file() ? 0 : target.info().bytes();
    return std::max<std::int64_t>(0, host_memory().resident - of_target);
}

c10::DeviceIndex index_of(const c10::Device& device) { return std::max<c10::DeviceIndex>(0, device.index()); }

/// What LibTorch holds of a GPU; 0 where it does not tell.
std::int64_t reserved_on(const c10::Device& device) {
    const auto use = device_use(index_of(device));
    return use ? use->reserved : 0;
}

Governor::Thresholds thresholds_of(const MemoryOptions& options, const MemoryPlan& plan, Memory memory) {
    const MemoryLimits& limits = plan.limits(memory);
    return {.warning = std::max(part(options.warning, limits.budget_bytes), plan.peak(plan.choice(), memory)),
            .critical = limits.usable_bytes()};
}

}  // namespace

MemoryKeeper::MemoryKeeper(PackedImage& target, const TrainOptions& options, Notice notice)
    : target_(target),
      image_(target.info()),
      options_(options),
      notice_(std::move(notice)),
      plan_(plan_memory(image_, options_, bytes_besides_target(target))),
      settings_(plan_.choice().settings),
      thresholds_(thresholds_of(options.memory, plan_, Memory::host)),
      device_thresholds_(thresholds_of(options.memory, plan_, Memory::device)),
      governor_(thresholds_, [this] { return look(); }) {
    if (settings_.target_in_file) move_target_to_file();
    if (!options_.memory.growth) reserve_memory(planned_bytes(Memory::host) - host_memory().resident);
    if (options_.memory.checkpointing && !settings_.checkpointing) {
        notice_("on a GPU nothing is kept that could be drawn again: use_gradient_checkpointing does nothing");
    }
}

MemoryReport MemoryKeeper::report() const {
    MemoryReport report{.budget_bytes = plan_.host.budget_bytes,
                        .program_bytes = plan_.host.program_bytes,
                        .planned_bytes = planned_bytes(Memory::host),
                        .amp = settings_.amp,
                        .checkpointing = settings_.checkpointing,
                        .bands = settings_.bands,
                        .target_in_file = target_.in_file()};
    if (options_.device.is_cpu()) return report;
    const DeviceUse use = device_use(index_of(options_.device)).value_or(DeviceUse{});
    report.device = DeviceMemoryReport{.budget = plan_.device.budget_bytes,
                                       .planned = planned_bytes(Memory::device),
                                       .reserved = use.reserved,
                                       .peak_allocated = use.peak_allocated,
                                       .peak_reserved = use.peak_reserved};
    return report;
}

void MemoryKeeper::relieve() {
    relieve_host();
    if (!options_.device.is_cpu()) relieve_device();
}

void MemoryKeeper::relieve_host() {
    const Governor::Level level = governor_.level();
    if (level == Governor::Level::ok || (level == Governor::Level::warning && told(Memory::host))) return;
    const std::string reason =
        "the process holds " + gigabytes(governor_.resident()) + " of its " + gigabytes(plan_.host.budget_bytes);
    release(Memory::host, reason);
    if (governor_.sample() != Governor::Level::critical || cheapen(Memory::host, reason)) return;
    if (governor_.resident() > plan_.host.budget_bytes) throw plan_.shortage(Memory::host);
}

/// Ten times a second. Caches that come back make the memory short no less than tensors do: the second time that they
/// are critical, settings are changed.
void MemoryKeeper::relieve_device() {
    constexpr std::chrono::milliseconds period(100);
    const auto now = std::chrono::steady_clock::now();
    if (now - device_looked_ < period) return;
    device_looked_ = now;
    const std::int64_t held = reserved_on(options_.device);
    const bool critical = held >= device_thresholds_.critical;
    if (held < device_thresholds_.warning || (!critical && told(Memory::device))) return;
    const std::string reason = "the process holds " + gigabytes(held) + " of its " +
                               gigabytes(plan_.device.budget_bytes) + " on " + options_.device.str();
    release(Memory::device, reason);
    const std::int64_t left = reserved_on(options_.device);
    const bool regrown = critical && std::exchange(regrows_, true);
    if ((left < device_thresholds_.critical && !regrown) || cheapen(Memory::device, reason)) return;
    if (left > plan_.device.budget_bytes) throw plan_.shortage(Memory::device);
}

void MemoryKeeper::forgo_amp(const std::string& reason) {
    amp_failed_ = true;
    settings_.amp = false;
    notice_(reason + ": mixed precision is off from now on");
}

void MemoryKeeper::release(Memory memory, const std::string& reason) {
    release_raster_memory();
    release_free_memory();
    released_ = true;
    if (!std::exchange(told(memory), true)) notice_("memory is short (" + reason + "): caches are dropped");
}

void MemoryKeeper::give_up(Memory failed) {
    const bool on_device = failed == Memory::device && !options_.device.is_cpu();
    const Memory memory = on_device ? Memory::device : Memory::host;
    const std::string reason =
        on_device ? "an allocation on " + options_.device.str() + " failed" : std::string("an allocation failed");
    if (!released_) {
        release(memory, reason);
    } else if (!cheapen(memory, reason)) {
        throw plan_.shortage(memory);
    }
}

bool MemoryKeeper::cheapen(Memory memory, const std::string& reason) {
    const auto cheaper = step_down(image_, options_, settings_, memory, !amp_failed_);
    if (!cheaper) return false;
    if (cheaper->target_in_file) move_target_to_file();
    notice_("memory is short (" + reason + "): " + describe(settings_, *cheaper));
    settings_ = *cheaper;
    return true;
}

void MemoryKeeper::move_target_to_file() {
    if (target_.in_file()) return;
    PackedImage moved = target_.moved_to_file(options_.memory.folder);
    const std::scoped_lock lock(target_mutex_);
    target_ = std::move(moved);
}

std::int64_t MemoryKeeper::look() {
    const std::int64_t resident = resident_memory();
    const std::scoped_lock lock(target_mutex_);
    if (!target_.in_file() || resident < thresholds_.warning) return resident;
    target_.drop({0, target_.height()});
    return resident_memory();
}

std::int64_t MemoryKeeper::planned_bytes(Memory memory) const {
    return plan_.limits(memory).program_bytes + memory_bill(image_, options_, settings_, memory).peak();
}

}  // namespace gsfit
