#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <vector>

namespace gsfit {

/// What a run was like when a frame was recorded.
struct Frame {
    std::int64_t step = 0;
    double seconds = 0;  ///< spent in training by then
    std::int64_t gaussians = 0;
    double step_scale = 1;         ///< decay applied to the step sizes
    std::optional<double> psnr{};  ///< [dB] of the last evaluation, if there was one; infinity for a perfect match
    std::optional<double> ssim{};  ///< of the last evaluation that measured it
};

/// The frames of a run, on disk or in memory, in the order of their steps. All JPEGs have one size.
struct RecordedFrames {
    std::vector<Frame> frames;
    std::function<std::vector<std::byte>(std::size_t frame)> jpeg;  ///< throws InputError when it cannot be read
    std::vector<std::byte> target;                                  ///< JPEG of the image that is fitted; may be empty
};

/// Those in frames/ of a run folder (docs/run-folder.md), none when there is no such folder. Files of others, and a
/// frame whose JSON or JPEG is missing or damaged, are passed over. Throws InputError when the folder cannot be read.
RecordedFrames frames_on_disk(const std::filesystem::path& run_folder);

/// Removes the frames beyond `step` and what a killed process left of others. Throws OutputError.
void remove_frames_after(const std::filesystem::path& run_folder, std::int64_t step);

/// Removes the frames, the target and, when nothing else is in it, the folder. Throws OutputError.
void remove_frames(const std::filesystem::path& run_folder);

}  // namespace gsfit
