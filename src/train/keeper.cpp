#include "train/keeper.h"

#include <algorithm>
#include <utility>

#include "gsfit/core/error.h"
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

}  // namespace

MemoryKeeper::MemoryKeeper(PackedImage& target, const TrainOptions& options, Notice notice)
    : target_(target),
      image_(target.info()),
      options_(options),
      notice_(std::move(notice)),
      plan_(plan_memory(image_, options_, bytes_besides_target(target))),
      settings_(plan_.choice().settings),
      thresholds_{.warning = std::max(part(options.memory.warning, plan_.budget_bytes), plan_.peak(plan_.choice())),
                  .critical = plan_.usable_bytes},
      governor_(thresholds_, [this] { return look(); }) {
    if (settings_.target_in_file) move_target_to_file();
    if (!options_.memory.growth) reserve_memory(planned_bytes() - host_memory().resident);
}

MemoryReport MemoryKeeper::report() const {
    return {.budget_bytes = plan_.budget_bytes,
            .program_bytes = plan_.program_bytes,
            .planned_bytes = planned_bytes(),
            .amp = settings_.amp,
            .checkpointing = settings_.checkpointing,
            .bands = settings_.bands,
            .target_in_file = target_.in_file()};
}

void MemoryKeeper::relieve() {
    const Governor::Level level = governor_.level();
    if (level == Governor::Level::ok || (level == Governor::Level::warning && told_)) return;
    const std::string reason =
        "the process holds " + gigabytes(governor_.resident()) + " of its " + gigabytes(plan_.budget_bytes);
    release(reason);
    if (governor_.sample() != Governor::Level::critical || cheapen(reason)) return;
    if (governor_.resident() > plan_.budget_bytes) throw plan_.shortage();
}

void MemoryKeeper::forgo_amp(const std::string& reason) {
    amp_failed_ = true;
    settings_.amp = false;
    notice_(reason + ": mixed precision is off from now on");
}

void MemoryKeeper::release(const std::string& reason) {
    release_raster_memory();
    release_free_memory();
    released_ = true;
    if (!std::exchange(told_, true)) notice_("memory is short (" + reason + "): caches are dropped");
}

void MemoryKeeper::give_up(const std::string& reason) {
    if (!released_) {
        release(reason);
    } else if (!cheapen(reason)) {
        throw plan_.shortage();
    }
}

bool MemoryKeeper::cheapen(const std::string& reason) {
    const auto cheaper = step_down(image_, options_, settings_, !amp_failed_);
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

std::int64_t MemoryKeeper::planned_bytes() const {
    return plan_.program_bytes + memory_bill(image_, options_, settings_).peak();
}

}  // namespace gsfit
