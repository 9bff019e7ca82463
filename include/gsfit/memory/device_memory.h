#pragma once

#include <c10/core/Device.h>

#include <cstdint>
#include <optional>

namespace gsfit {

/// What LibTorch holds of an accelerator in this process. All in bytes.
struct DeviceUse {
    std::int64_t allocated = 0;       ///< of tensors
    std::int64_t reserved = 0;        ///< held by the allocator, tensors included
    std::int64_t peak_allocated = 0;  ///< since the allocator's statistics were reset
    std::int64_t peak_reserved = 0;
};

/// The memory of an accelerator. All in bytes.
struct DeviceMemory : DeviceUse {
    std::int64_t total = 0;
    std::int64_t free = 0;  ///< total less what all processes hold; all that LibTorch has reserved is held
};

/// Of the `index`-th accelerator that LibTorch can use; nullopt where it can use none, or where its allocator keeps no
/// such figures.
std::optional<DeviceMemory> device_memory(c10::DeviceIndex index = 0);

/// The same without asking the driver, which makes it cheap enough for every step.
std::optional<DeviceUse> device_use(c10::DeviceIndex index = 0);

/// Gives back what LibTorch's allocator holds of the accelerator beyond tensors; nothing where none is in use.
void release_device_cache();

}  // namespace gsfit
