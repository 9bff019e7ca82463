#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "gsfit/config.h"
#include "gsfit/core/picture.h"
#include "gsfit/record/frame_recorder.h"
#include "gsfit/record/pictures.h"
#include "gsfit/record/tensorboard.h"

namespace gsfit::cli {

/// What people look at of a run: its frames and video, pictures, TensorBoard's file, plots and the report. None of it
/// ends a run: what cannot be made is told in a sentence.
class Recording {
public:
    using Warn = FrameRecorder::Warn;

    Recording(std::filesystem::path run_folder, const Config& config, const PackedImage& target,
              std::optional<std::int64_t> resumed_step, Warn warn);

    void operator()(const TrainEvent& event);
    /// Returns when every frame so far is written.
    void drain();

    [[nodiscard]] bool has_frames() const { return frames_ && frames_->works(); }
    /// Of a finished run that has frames.
    void make_video();
    /// When all of them are in the video, unless they are to be kept: once nothing can make the video again.
    void remove_frames();
    /// Of a run whose other files are written.
    void make_report(const TrainState& state);

private:
    void warn_of_space(const ImageInfo& image, const RecorderOptions& options) const;
    /// False, after a warning that begins "no <what>", when it threw.
    bool attempt(const std::string& what, const std::function<void()>& make) const;

    std::filesystem::path folder_;
    Config config_;
    Warn warn_;
    Picture target_;  // as the report shows it; empty when that could not be made
    std::optional<FrameRecorder> frames_;
    std::optional<PictureRecorder> pictures_;
    std::optional<TensorBoardLog> tensorboard_;
    bool all_in_video_ = false;
};

}  // namespace gsfit::cli
