#pragma once

#include <exception>
#include <functional>
#include <mutex>
#include <string>

#include "gsfit/image.h"
#include "gsfit/memory.h"
#include "gsfit/train.h"
#include "gsfit/train/plan.h"

namespace gsfit {

/// Keeps a run within its memory: plans at the start, watches, and gives up speed for memory when it runs short
/// (docs/memory.md).
class MemoryKeeper {
public:
    using Notice = std::function<void(const std::string& sentence)>;

    /// `target` is moved to a file when that is what it takes; `notice` gets a sentence for the user whenever something
    /// changes. Throws MemoryError when no settings fit the budget.
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
        for (released_ = false;; give_up("an allocation failed")) {
            try {
                return work();
            } catch (const std::exception& error) {
                if (!is_out_of_memory(error)) throw;
            }
        }
    }

    /// Reacts to the memory that the process was seen to hold; to be called between steps.
    void relieve();

    /// Mixed precision has failed: the rest of the run goes without.
    void forgo_amp(const std::string& reason);

private:
    void release(const std::string& reason);
    void give_up(const std::string& reason);
    [[nodiscard]] bool cheapen(const std::string& reason);
    void move_target_to_file();
    /// What the process holds. A mapped target's pages go first when that is too much.
    std::int64_t look();
    [[nodiscard]] std::int64_t planned_bytes() const;

    PackedImage& target_;
    ImageInfo image_;
    TrainOptions options_;
    Notice notice_;
    MemoryPlan plan_;
    MemorySettings settings_;
    bool amp_failed_ = false;
    bool released_ = false;    // caches were dropped for the failure at hand
    bool told_ = false;        // that memory is short
    std::mutex target_mutex_;  // the governor's thread looks at the target
    Governor::Thresholds thresholds_;
    Governor governor_;
};

}  // namespace gsfit
