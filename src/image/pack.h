// From pixels to the public image.

#pragma once

#include "gsfit/image.h"
#include "image/pixels.h"

namespace gsfit {

/// Shares the pixels.
PackedImage pack(const Pixels& pixels);

}  // namespace gsfit
