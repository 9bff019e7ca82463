// The line of figures below a video's pictures.

#pragma once

#include <string>

#include "gsfit/record/frames.h"

namespace gsfit {

/// "step 500 · 33.81 dB · SSIM 0.912 · 10,000 Gaussians · 12.3 s", what was not measured left out; the last members are
/// left out too until the line is no wider than `room` [pixels] in a font of `size` [pixels].
std::string caption(const Frame& frame, double size, double room);

}  // namespace gsfit
