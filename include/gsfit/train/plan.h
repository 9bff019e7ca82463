#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "gsfit/core/error.h"
#include "gsfit/image.h"
#include "gsfit/train.h"

namespace gsfit {

/// What a run trades for memory (docs/memory.md). A loss without SSIM draws no image, so that `amp` and `checkpointing`
/// have nothing to do there.
struct MemorySettings {
    bool amp = true;             ///< the drawn image and its gradient in float16
    bool checkpointing = false;  ///< the image is drawn again for its gradient; saves nothing at a band's worst moment
    std::int64_t bands = 1;      ///< that a step is cut into; only one band's image exists at a time
    bool target_in_file = false;

    bool operator==(const MemorySettings&) const = default;
};

/// Bytes of one thing, and when it is there: always, or during one of the phases that follow one another.
struct MemoryItem {
    enum class Phase { always, start, step, growth, evaluation, saving };
    std::string_view name;
    Phase phase = Phase::always;
    std::int64_t bytes = 0;
};

/// What a run needs beside the program itself.
struct MemoryBill {
    std::vector<MemoryItem> items;

    /// Bytes at the worst moment: what is always there, and the phase that needs most.
    [[nodiscard]] std::int64_t peak() const;
};

/// The bill of training on such an image. How many blocks a Gaussian touches is estimated; all else is known.
MemoryBill memory_bill(const ImageInfo& image, const TrainOptions& options, const MemorySettings& settings);

/// The next cheaper settings in memory, in the order of what they cost in time: half precision, twice the bands, the
/// target in a file. What would save nothing is left out, half precision also unless it is `amp_usable`.
/// Empty when there is nothing left.
std::optional<MemorySettings> step_down(const ImageInfo& image, const TrainOptions& options,
                                        const MemorySettings& settings, bool amp_usable = true);

struct PlannedSettings {
    MemorySettings settings;
    MemoryBill bill;
};

struct MemoryPlan {
    std::int64_t budget_bytes = 0;      ///< of the process
    std::int64_t usable_bytes = 0;      ///< of those, up to the critical threshold
    std::int64_t program_bytes = 0;     ///< resident before the run
    std::vector<PlannedSettings> rows;  ///< from what the options ask for down to the cheapest
    std::size_t chosen = 0;             ///< the first row that fits; the number of rows when none does

    /// Bytes that the process will hold at most under a row's settings.
    [[nodiscard]] std::int64_t peak(const PlannedSettings& row) const { return program_bytes + row.bill.peak(); }

    /// The chosen row. Throws shortage() when there is none.
    [[nodiscard]] const PlannedSettings& choice() const;

    /// What to say when memory does not suffice: names the smallest budget that would do.
    [[nodiscard]] MemoryError shortage() const;
};

/// Plans for a process that holds `program_bytes` without the target. The budget is the options', or else what the
/// process holds and the options' fraction of what is free. No more bands are chosen than it takes.
MemoryPlan plan_memory(const ImageInfo& image, const TrainOptions& options, std::int64_t program_bytes);

}  // namespace gsfit
