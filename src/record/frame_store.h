// Where encoded frames go.

#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "gsfit/record/frames.h"

namespace gsfit {

class FrameStore {
public:
    FrameStore() = default;
    FrameStore(const FrameStore&) = delete;
    FrameStore& operator=(const FrameStore&) = delete;
    virtual ~FrameStore() = default;

    /// Throws OutputError.
    virtual void add(const Frame& frame, std::vector<std::byte> jpeg) = 0;
    [[nodiscard]] virtual RecordedFrames recorded() const = 0;
    /// Every how manieth frame is worth drawing.
    [[nodiscard]] virtual std::int64_t every() const { return 1; }
};

/// In frames/ of a run folder, as long as `reserve` bytes stay free on its disk. Throws OutputError.
std::unique_ptr<FrameStore> frames_in_folder(const std::filesystem::path& run_folder, std::int64_t reserve,
                                             const std::vector<std::byte>& target);

/// Of at most `bound` bytes; when they take more, every other frame goes. `iterations`: steps between frames.
std::unique_ptr<FrameStore> frames_in_memory(std::int64_t iterations, std::int64_t bound,
                                             std::vector<std::byte> target);

}  // namespace gsfit
