#pragma once

#include <array>
#include <chrono>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "gsfit/image.h"
#include "gsfit/memory.h"
#include "gsfit/train.h"
#include "gsfit/train/plan.h"

namespace gsfit {

/// Keeps a run within its memory, the host's and that of the GPU which trains: plans at the start, watches, and gives
/// up speed for memory when it runs short (docs/memory.md).
class MemoryKeeper {
public:
    using Notice = std::function<void(const std::string& sentence)>;

    /// `target` is moved to a file when that is what it takes; `notice` gets a sentence for the user whenever something
    /// changes. Throws MemoryError when no settings fit the budgets, and what plan_memory() throws.
    MemoryKeeper(PackedImage& target, const TrainOptions& options, Notice notice);

    [[nodiscard]] const MemorySettings& settings() const { return settings_; }
    [[nodiscard]] MemoryReport report() const;
    /// Of the process, when last looked at, and at most so far [bytes].
    [[nodiscard]] std::int64_t resident() const { return governor_.resident(); }
    [[nodiscard]] std::int64_t peak() const { return governor_.peak(); }

    /// Runs work() and, while memory fails, gives something up and runs it again. work() changes nothing when it
    /// throws. Throws MemoryError when there is nothing left to give up.
    template <class Work>
    void attempt(const Work& work) {
        released_ = false;
        for (std::optional<Memory> failed;; give_up(*failed)) {
            try {
                return work();
            } catch (const std::exception& error) {
                failed = exhausted_memory(error);
                if (!failed) throw;
            }
        }
    }

    /// Reacts to the memory that the process was seen to hold; to be called between steps.
    void relieve();

    /// Mixed precision has failed: the rest of the run goes without.
    void forgo_amp(const std::string& reason);

private:
    void relieve_host();
    void relieve_device();
    void release(Memory memory, const std::string& reason);
    void give_up(Memory failed);
    [[nodiscard]] bool cheapen(Memory memory, const std::string& reason);
    void move_target_to_file();
    /// What the process holds. A mapped target's pages go first when that is too much.
    std::int64_t look();
    [[nodiscard]] std::int64_t planned_bytes(Memory memory) const;
    [[nodiscard]] bool& told(Memory memory) { return told_[static_cast<std::size_t>(memory)]; }

    PackedImage& target_;
    ImageInfo image_;
    TrainOptions options_;
    Notice notice_;
    MemoryPlan plan_;
    MemorySettings settings_;
    bool amp_failed_ = false;
    bool released_ = false;       // caches were dropped for the failure at hand
    std::array<bool, 2> told_{};  // that a memory is short
    bool regrows_ = false;        // the GPU's caches were dropped for being critical
    std::chrono::steady_clock::time_point device_looked_;
    std::mutex target_mutex_;  // the governor's thread looks at the target
    Governor::Thresholds thresholds_;
    Governor::Thresholds device_thresholds_;
    Governor governor_;
};

}  // namespace gsfit
