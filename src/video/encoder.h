// The encoder of a video: the first of a list that works.

#pragma once

#include <string>

#include "gsfit/video.h"
#include "video/ffmpeg.h"

namespace gsfit {

/// The pictures of a video.
struct VideoFormat {
    int width = 0;   ///< [pixels], even
    int height = 0;  ///< [pixels], even
    int fps = 30;
};

struct Encoder {
    Ffmpeg<AVCodecContext> codec;  ///< open
    std::string note;              ///< that another than the first of the list is used, and why; empty: it is the first
};

/// Takes yuv420p in BT.709 and limited range; packets have their parameters in the header, as MP4 wants them. Throws
/// OutputError when none of options.encoders works.
Encoder open_encoder(const VideoFormat& format, const VideoOptions& options);

}  // namespace gsfit
