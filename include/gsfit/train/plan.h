#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "gsfit/core/error.h"
#include "gsfit/image.h"
#include "gsfit/memory.h"
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
    enum class Phase { always, start, step, sorting, growth, relocation, evaluation, saving };
    std::string_view name;
    Phase phase = Phase::always;
    std::int64_t bytes = 0;
};

/// What a run needs in one memory beside the program itself.
struct MemoryBill {
    std::vector<MemoryItem> items;

    /// Bytes at the worst moment: what is always there, and the phase that needs most. 0 for an empty bill.
    [[nodiscard]] std::int64_t peak() const;
};

/// The bill of training on such an image, in the host's memory or in that of the GPU which trains; the GPU's is empty
/// for a run on the CPU. How many blocks and tiles a Gaussian touches is estimated, and what a GPU needs to sort; all
/// else is known.
MemoryBill memory_bill(const ImageInfo& image, const TrainOptions& options, const MemorySettings& settings,
                       Memory memory = Memory::host);

/// The next cheaper settings in one memory, in the order of what they cost in time: half precision, twice the bands,
/// the target in a file. What would save nothing there is left out, half precision also unless it is `amp_usable`.
/// Empty when there is nothing left.
std::optional<MemorySettings> step_down(const ImageInfo& image, const TrainOptions& options,
                                        const MemorySettings& settings, Memory memory = Memory::host,
                                        bool amp_usable = true);

struct PlannedSettings {
    MemorySettings settings;
    MemoryBill host;
    MemoryBill device;  ///< of the GPU that trains; else empty
};

/// How much of one memory there is for a run.
struct MemoryLimits {
    std::int64_t budget_bytes = 0;   ///< of the process
    double usable = 1;               ///< part of those, up to the critical threshold
    std::int64_t program_bytes = 0;  ///< held before the run

    [[nodiscard]] std::int64_t usable_bytes() const {
        return static_cast<std::int64_t>(usable * static_cast<double>(budget_bytes));
    }
};

struct MemoryPlan {
    MemoryLimits host;
    MemoryLimits device;                  ///< of the GPU that trains; else all 0
    c10::Device where = c10::kCPU;        ///< that the run computes on
    std::vector<PlannedSettings> rows{};  ///< from what the options ask for down to the cheapest
    std::size_t chosen = 0;               ///< the first row that fits; the number of rows when none does

    [[nodiscard]] const MemoryLimits& limits(Memory memory) const { return memory == Memory::host ? host : device; }

    /// Bytes that the process will hold at most under a row's settings.
    [[nodiscard]] std::int64_t peak(const PlannedSettings& row, Memory memory = Memory::host) const {
        return limits(memory).program_bytes + (memory == Memory::host ? row.host : row.device).peak();
    }
    [[nodiscard]] bool fits(const PlannedSettings& row, Memory memory) const {
        return peak(row, memory) <= limits(memory).usable_bytes();
    }
    [[nodiscard]] bool fits(const PlannedSettings& row) const {
        return fits(row, Memory::host) && fits(row, Memory::device);
    }

    /// The chosen row. Throws shortage() when there is none.
    [[nodiscard]] const PlannedSettings& choice() const;

    /// What to say when a memory does not suffice: names it, and the smallest budget that would do.
    [[nodiscard]] MemoryError shortage(Memory memory) const;

    /// Of the memory that the cheapest row does not fit.
    [[nodiscard]] MemoryError shortage() const {
        return shortage(fits(rows.back(), Memory::host) ? Memory::device : Memory::host);
    }
};

/// Plans for a process that holds `program_bytes` of the host's memory without the target. A budget is the options', or
/// else what the process holds and the options' fraction of what is free. No more bands are chosen than it takes.
/// A GPU whose budget the options give need not be there; of another, where LibTorch does not tell what is free there,
/// throws DeviceError.
MemoryPlan plan_memory(const ImageInfo& image, const TrainOptions& options, std::int64_t program_bytes);

/// The options with num_gaussians halved, down to 1, until a plan fits. Throws as plan_memory().
TrainOptions within_memory(TrainOptions options, const ImageInfo& image, std::int64_t program_bytes);

}  // namespace gsfit
