// Whether a video can be played.

#pragma once

#include <cstdint>

#include "gsfit/core/file.h"
#include "video/encoder.h"

namespace gsfit {

/// Decodes the whole file. Throws OutputError when it is damaged or has other pictures, another number of them or
/// another duration than it should.
void check_video(AtomicFile& file, const VideoFormat& format, std::int64_t frames);

}  // namespace gsfit
