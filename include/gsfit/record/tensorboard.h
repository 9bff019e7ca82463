#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "gsfit/train.h"

namespace gsfit {

/// A listener that writes the metrics of a run for TensorBoard: a file of events in tensorboard/ of the run folder,
/// which is made. A step that is evaluated adds one record with the scalars loss, gaussians, steps_per_second,
/// step_scale, skipped_steps and, when known, psnr [dB], ssim and resident_bytes; it is on file, whole, before the call
/// returns. Throws OutputError. Hand it to train() with std::ref.
///
/// Format: TFRecord (tensorflow/core/lib/io/record_writer.h) of Event (tensorflow/core/util/event.proto) with Summary
/// (tensorflow/core/framework/summary.proto).
class TensorBoardLog {
public:
    /// Begins a new file; when a run is resumed, TensorBoard drops what earlier files say of steps beyond it.
    explicit TensorBoardLog(const std::filesystem::path& run_folder,
                            std::optional<std::int64_t> resumed_step = std::nullopt);

    void operator()(const TrainEvent& event);

private:
    std::filesystem::path path_;
    std::int64_t last_step_;
};

}  // namespace gsfit
