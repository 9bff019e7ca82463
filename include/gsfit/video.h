#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "gsfit/record/frames.h"

namespace gsfit {

/// What a video shows above its caption.
enum class VideoLayout {
    side,    ///< the target on the left, the render on the right
    render,  ///< the render alone
    slider,  ///< the target left of a line, the render right of it; the line goes from the right edge to the left one
};

struct VideoOptions {
    VideoLayout layout = VideoLayout::side;
    int fps = 30;                   ///< frames in a second, 1 to 240
    int crf = 18;                   ///< constant rate factor of H.264, 0 (lossless) to 51
    std::int64_t max_width = 3840;  ///< of a video, and its height too [pixels], 16 to 16384
    /// FFmpeg's names, the first that works is taken: libx264 for choice, the others when FFmpeg was built without it.
    std::vector<std::string> encoders = {"libx264", "libopenh264", "mpeg4"};

    /// Throws UsageError when a value is out of range.
    void check() const;
};

/// A video that was made.
struct Video {
    std::int64_t width = 0;   ///< [pixels], even
    std::int64_t height = 0;  ///< [pixels], even
    std::int64_t frames = 0;  ///< those that hold the last one included
    double seconds = 0;
    std::string encoder;
    std::int64_t skipped = 0;  ///< recorded frames that are not in it
    std::string note;          ///< what is not as one would expect, for the user; empty: nothing
};

/// Makes an MP4 (H.264, 4:2:0, BT.709, index first) of recorded frames, whose last one is held for a second. Frames
/// that cannot be decoded, that differ in size from the first or repeat a step are passed over. What it takes of memory
/// does not depend on the number of frames (docs/video.md).
///
/// The file is decoded before it gets its name: a damaged video never does. Throws InputError when no frame can be used
/// or the layout needs a target that is not there, OutputError when the video cannot be encoded or written.
Video make_video(const std::filesystem::path& output, const RecordedFrames& frames, const VideoOptions& options);

}  // namespace gsfit
