#pragma once

#include "gsfit/config.h"
#include "gsfit/gpu.h"

namespace gsfit::cli {

/// The device that is asked for. A GPU takes a trial step first; where `auto` found it, a fault is a reason for the
/// CPU. Throws DeviceError when a GPU that is asked for cannot be used.
DeviceChoice device_of(const Config& config);

}  // namespace gsfit::cli
