// Device memory as LibTorch tells it of any accelerator, so that this links none of their libraries.

#include "gsfit/memory/device_memory.h"

#include <ATen/DeviceAccelerator.h>
#include <c10/core/CachingDeviceAllocator.h>

namespace gsfit {
namespace {

const c10::CachingAllocator::Stat& all_pools(const c10::CachingAllocator::StatArray& stats) {
    return stats[static_cast<std::size_t>(c10::CachingAllocator::StatType::AGGREGATE)];
}

/// Null while no accelerator is in use.
c10::DeviceAllocator* allocator_in_use() {
    const auto type = at::accelerator::getAccelerator();
    auto* allocator = type ? dynamic_cast<c10::DeviceAllocator*>(c10::GetAllocator(*type)) : nullptr;
    return allocator != nullptr && allocator->initialized() ? allocator : nullptr;
}

DeviceUse use_of(c10::DeviceAllocator& allocator, c10::DeviceIndex index) {
    const auto stats = allocator.getDeviceStats(index);
    return {.allocated = all_pools(stats.allocated_bytes).current,
            .reserved = all_pools(stats.reserved_bytes).current,
            .peak_allocated = all_pools(stats.allocated_bytes).peak,
            .peak_reserved = all_pools(stats.reserved_bytes).peak};
}

}  // namespace

void release_device_cache() {
    if (auto* allocator = allocator_in_use()) allocator->emptyCache();
}

std::optional<DeviceMemory> device_memory(c10::DeviceIndex index) {
    auto* const allocator = allocator_in_use();
    if (allocator == nullptr) return std::nullopt;
    const auto [free, total] = allocator->getMemoryInfo(index);
    return DeviceMemory{use_of(*allocator, index), static_cast<std::int64_t>(total), static_cast<std::int64_t>(free)};
}

std::optional<DeviceUse> device_use(c10::DeviceIndex index) {
    auto* const allocator = allocator_in_use();
    return allocator == nullptr ? std::nullopt : std::optional(use_of(*allocator, index));
}

}  // namespace gsfit
