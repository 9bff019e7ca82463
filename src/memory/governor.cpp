#include <chrono>
#include <utility>

#include "gsfit/memory.h"

namespace gsfit {
namespace {

constexpr std::chrono::milliseconds period(100);

}  // namespace

Governor::Governor(const Thresholds& thresholds, Source source) : thresholds_(thresholds), source_(std::move(source)) {
    sample();
    thread_ = std::thread([this] { watch(); });
}

Governor::~Governor() {
    {
        const std::lock_guard lock(mutex_);
        ended_ = true;
    }
    ending_.notify_one();
    thread_.join();
}

Governor::Level Governor::sample() {
    const std::int64_t now = source_();
    resident_ = now;
    std::int64_t most = peak_;
    while (most < now && !peak_.compare_exchange_weak(most, now)) {
    }
    return level_of(now);
}

Governor::Level Governor::level_of(std::int64_t resident) const {
    const auto reached = [resident](std::int64_t threshold) { return threshold > 0 && resident >= threshold; };
    if (reached(thresholds_.critical)) return Level::critical;
    return reached(thresholds_.warning) ? Level::warning : Level::ok;
}

void Governor::watch() {
    std::unique_lock lock(mutex_);
    while (!ending_.wait_for(lock, period, [this] { return ended_; })) {
        sample();
    }
}

}  // namespace gsfit
