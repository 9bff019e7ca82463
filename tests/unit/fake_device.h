#pragma once

// Two accelerators that have no memory and tell of some: what a program without a GPU can see of device_memory().

#include <c10/core/CachingDeviceAllocator.h>
#include <c10/core/DeviceType.h>

#include <array>
#include <stdexcept>
#include <utility>

#include "gsfit/memory/device_memory.h"

namespace gsfit {

class FakeDevices final : public c10::DeviceAllocator {
public:
    bool ready = false;
    std::array<DeviceMemory, 2> devices;
    int emptied = 0;  ///< calls of emptyCache(), which leaves what tensors hold

    c10::DataPtr allocate(std::size_t) override { throw std::logic_error("the fake device has no memory"); }
    void copy_data(void*, const void*, std::size_t) const override {}
    bool initialized() override { return ready; }
    void emptyCache(c10::MempoolId_t) override {
        ++emptied;
        for (DeviceMemory& device : devices) device.reserved = device.allocated;
    }
    void recordStream(const c10::DataPtr&, c10::Stream) override {}
    c10::CachingDeviceAllocator::DeviceStats getDeviceStats(c10::DeviceIndex device) override {
        const DeviceMemory& memory = of(device);
        c10::CachingDeviceAllocator::DeviceStats stats;
        stats.allocated_bytes[0].current = memory.allocated;
        stats.allocated_bytes[0].peak = memory.peak_allocated;
        stats.reserved_bytes[0].current = memory.reserved;
        stats.reserved_bytes[0].peak = memory.peak_reserved;
        stats.allocated_bytes[1].current = 7;  // of small blocks only
        return stats;
    }
    void resetAccumulatedStats(c10::DeviceIndex) override {}
    void resetPeakStats(c10::DeviceIndex) override {}
    std::pair<std::size_t, std::size_t> getMemoryInfo(c10::DeviceIndex device) override {
        return {static_cast<std::size_t>(of(device).free), static_cast<std::size_t>(of(device).total)};
    }

private:
    DeviceMemory& of(c10::DeviceIndex device) { return devices.at(static_cast<std::size_t>(device)); }
};

/// LibTorch lets an accelerator be registered once, and never be taken away.
inline FakeDevices& register_fake_devices() {
    static FakeDevices allocator;
    static const bool registered = [] {
        c10::register_privateuse1_backend("fake");
        c10::SetAllocator(c10::kPrivateUse1, &allocator);
        return true;
    }();
    static_cast<void>(registered);
    return allocator;
}

}  // namespace gsfit
