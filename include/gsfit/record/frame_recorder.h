#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "gsfit/image.h"
#include "gsfit/image/pictures.h"
#include "gsfit/record/frames.h"
#include "gsfit/train.h"

namespace gsfit {

class FrameWriter;

struct RecorderOptions {
    std::int64_t iterations = 50;  ///< steps between frames, 1 and more
    std::int64_t max_side = 3840;  ///< of a frame [pixels]; it is never larger than the image
    bool on_disk = true;           ///< in frames/ of the run folder; else in memory
    std::int64_t queue = 4;        ///< frames that may wait to be written, 1 and more; then training waits
    /// What stays free on the disk for the run's other files [bytes]: recording stops before that is used up.
    std::int64_t disk_reserve = 64'000'000;
    /// Of JPEGs in memory [bytes]; when they take more, every other frame goes, and frames come half as often.
    std::int64_t memory_bound = 256'000'000;
};

/// Bytes that a recorder holds at most: frames that wait, the one that is drawn, and with `on_disk` unset all JPEGs.
std::int64_t recorder_bytes(const ImageInfo& image, const RecorderOptions& options);

/// Bytes that so many frames of such an image take on a disk: an estimate, from photos at JPEG quality 95.
std::int64_t frames_bytes(const ImageInfo& image, const RecorderOptions& options, std::int64_t frames);

/// A listener that records frames: of step 0, every `iterations` steps and the end. A frame is drawn at its own size by
/// the thread that trains; another one encodes and writes it. Training goes on when writing fails: recording then stops
/// with one warning, and all that was written stays. Hand it to train() with std::ref.
class FrameRecorder {
public:
    using Warn = std::function<void(const std::string& sentence)>;

    /// resumed_step: frames beyond it, and what a killed process left of others, are removed. `warn` is called on the
    /// thread that trains, here already when frames/ cannot be written.
    FrameRecorder(const std::filesystem::path& run_folder, const RecorderOptions& options, const PackedImage& target,
                  std::optional<std::int64_t> resumed_step, Warn warn);
    FrameRecorder(const FrameRecorder&) = delete;
    FrameRecorder& operator=(const FrameRecorder&) = delete;
    ~FrameRecorder();

    void operator()(const TrainEvent& event);

    /// False when it could not begin, which was told.
    [[nodiscard]] bool works() const { return writer_ != nullptr; }

    /// Returns when every frame so far is written: before a checkpoint, so that none of its past is missing.
    void drain();

    /// All frames so far.
    RecordedFrames recorded();

private:
    [[nodiscard]] bool is_due(const TrainEvent& event) const;
    void record(const TrainEvent& event);

    RecorderOptions options_;
    PictureSize size_;
    Warn warn_;
    std::int64_t last_step_ = -1;
    bool told_of_memory_ = false;
    std::unique_ptr<FrameWriter> writer_;  // none when nothing can be written
};

}  // namespace gsfit
