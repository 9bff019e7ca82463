#include <c10/util/Exception.h>

#include <new>
#include <string_view>
#include <system_error>

#include "gsfit/core/device_bad_alloc.h"
#include "gsfit/memory.h"

namespace gsfit {

std::optional<Memory> exhausted_memory(const std::exception& error) {
    if (dynamic_cast<const c10::OutOfMemoryError*>(&error) != nullptr) return Memory::device;
    if (dynamic_cast<const DeviceBadAlloc*>(&error) != nullptr) return Memory::device;
    if (dynamic_cast<const std::bad_alloc*>(&error) != nullptr) return Memory::host;
    if (const auto* system = dynamic_cast<const std::system_error*>(&error)) {
        return system->code() == std::errc::not_enough_memory ? std::optional(Memory::host) : std::nullopt;
    }
    // LibTorch has no exception types of its own for these: its allocator of host memory, and CUDA's own calls.
    const std::string_view text = error.what();
    if (text.find("can't allocate memory") != std::string_view::npos) return Memory::host;
    if (text.find("CUDA error: out of memory") != std::string_view::npos) return Memory::device;
    return std::nullopt;
}

}  // namespace gsfit
