#include "cli/device.h"

#include "cli/text.h"
#include "gsfit/core/error.h"
#include "gsfit/train.h"

namespace gsfit::cli {

DeviceChoice device_of(const Config& config) {
    const std::string& wish = config.text("device");
    DeviceChoice choice = choose_device(wish);
    if (choice.device.is_cpu()) return choice;
    const std::string fault = device_fault(choice.device);
    if (fault.empty()) return choice;
    if (wish != "auto") {
        throw DeviceError(text_of("device '", wish, "' (", choice.name, ") cannot be used: ", fault,
                                  "; see what nvidia-smi says, or train with --device cpu"));
    }
    return {.device = c10::kCPU, .name = "cpu", .note = text_of("the CPU is used, not ", choice.name, ": ", fault)};
}

}  // namespace gsfit::cli
