// Frames as files: frames/step-N.jpg, then frames/step-N.json, and frames/target.jpg of a run folder.

#pragma once

#include <filesystem>

#include "gsfit/record/frames.h"

namespace gsfit {

std::filesystem::path frames_folder(const std::filesystem::path& run_folder);

/// The JPEG first: a frame whose JSON is there is whole. Throws OutputError.
void write_frame(const std::filesystem::path& run_folder, const Frame& frame, const std::vector<std::byte>& jpeg);

/// Throws OutputError.
void write_frames_target(const std::filesystem::path& run_folder, const std::vector<std::byte>& jpeg);

}  // namespace gsfit
