#include "gpu/device.h"

#include "gsfit/core/error.h"
#include "gsfit/gpu.h"

namespace gsfit {

KernelDevice find_kernel_device() {
    try {
        return {.device = choose_device("cuda").device, .problem = ""};
    } catch (const DeviceError& error) {
        return {.device = std::nullopt, .problem = error.what()};
    }
}

}  // namespace gsfit
