// NVML through dlopen: no header, no link, and nothing to install where there is no GPU.

#include "gsfit/memory/nvml.h"

#include <dlfcn.h>

namespace gsfit {
namespace {

// Of nvml.h, whose binary interface is fixed: every function returns 0 for success.
using Device = void*;
struct DeviceBytes {
    unsigned long long total, free, used;
};
using NoArguments = int (*)();
using GetCount = int (*)(unsigned*);
using GetHandle = int (*)(unsigned, Device*);
using GetMemory = int (*)(Device, DeviceBytes*);

}  // namespace

template <class Function>
Function Nvml::find(const char* name) const {
    return library_ == nullptr ? nullptr : reinterpret_cast<Function>(::dlsym(library_, name));
}

Nvml::Nvml(const std::string& library) : library_(::dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL)) {
    const auto start = find<NoArguments>("nvmlInit_v2");
    if (library_ == nullptr || (start != nullptr && start() == 0)) return;
    ::dlclose(library_);
    library_ = nullptr;
}

Nvml::~Nvml() {
    if (library_ == nullptr) return;
    if (const auto stop = find<NoArguments>("nvmlShutdown")) stop();
    ::dlclose(library_);
}

unsigned Nvml::devices() const {
    const auto get_count = find<GetCount>("nvmlDeviceGetCount_v2");
    unsigned count = 0;
    return get_count != nullptr && get_count(&count) == 0 ? count : 0;
}

std::optional<Nvml::Memory> Nvml::memory(unsigned device) const {
    const auto get_handle = find<GetHandle>("nvmlDeviceGetHandleByIndex_v2");
    const auto get_memory = find<GetMemory>("nvmlDeviceGetMemoryInfo");
    Device handle = nullptr;
    DeviceBytes bytes{};
    if (get_handle == nullptr || get_memory == nullptr || get_handle(device, &handle) != 0) return std::nullopt;
    if (get_memory(handle, &bytes) != 0) return std::nullopt;
    return Memory{.total = static_cast<std::int64_t>(bytes.total), .used = static_cast<std::int64_t>(bytes.used)};
}

}  // namespace gsfit
