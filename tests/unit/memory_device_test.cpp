#include <c10/core/CachingDeviceAllocator.h>
#include <c10/core/DeviceType.h>
#include <dlfcn.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <stdexcept>
#include <utility>

#include "gsfit/memory/device_memory.h"
#include "gsfit/memory/nvml.h"

namespace gsfit {
namespace {

constexpr std::int64_t gib = 1 << 30;

/// Allocates nothing, and tells of two devices.
class FakeDeviceAllocator final : public c10::DeviceAllocator {
public:
    bool ready = false;

    c10::DataPtr allocate(std::size_t) override { throw std::logic_error("the fake device has no memory"); }
    void copy_data(void*, const void*, std::size_t) const override {}
    bool initialized() override { return ready; }
    void emptyCache(c10::MempoolId_t) override {}
    void recordStream(const c10::DataPtr&, c10::Stream) override {}
    c10::CachingDeviceAllocator::DeviceStats getDeviceStats(c10::DeviceIndex device) override {
        c10::CachingDeviceAllocator::DeviceStats stats;
        stats.allocated_bytes[0].current = (device + 1) * gib;
        stats.allocated_bytes[0].peak = (device + 3) * gib;
        stats.reserved_bytes[0].current = (device + 2) * gib;
        stats.reserved_bytes[0].peak = (device + 4) * gib;
        stats.allocated_bytes[1].current = 7;  // of small blocks only
        return stats;
    }
    void resetAccumulatedStats(c10::DeviceIndex) override {}
    void resetPeakStats(c10::DeviceIndex) override {}
    std::pair<std::size_t, std::size_t> getMemoryInfo(c10::DeviceIndex device) override {
        return {static_cast<std::size_t>((device + 10) * gib), 80ULL * gib};
    }
};

/// One test: LibTorch lets an accelerator be registered once, and never be taken away.
TEST(DeviceMemory, IsThatOfTheAccelerator) {
    EXPECT_FALSE(device_memory());

    c10::register_privateuse1_backend("fake");
    EXPECT_FALSE(device_memory());  // no allocator yet

    static FakeDeviceAllocator allocator;
    c10::SetAllocator(c10::kPrivateUse1, &allocator);
    EXPECT_FALSE(device_memory());

    allocator.ready = true;
    for (const c10::DeviceIndex index : {0, 1}) {
        const auto memory = device_memory(index);
        ASSERT_TRUE(memory);
        EXPECT_EQ(memory->total, 80 * gib);
        EXPECT_EQ(memory->free, (index + 10) * gib);
        EXPECT_EQ(memory->allocated, (index + 1) * gib);
        EXPECT_EQ(memory->reserved, (index + 2) * gib);
        EXPECT_EQ(memory->peak_allocated, (index + 3) * gib);
        EXPECT_EQ(memory->peak_reserved, (index + 4) * gib);
    }
}

TEST(NvmlTest, TellsOfEachDevice) {
    const Nvml nvml(FAKE_NVML);
    EXPECT_EQ(nvml.devices(), 2U);
    const auto memory = nvml.memory(0);
    ASSERT_TRUE(memory);
    EXPECT_EQ(memory->total, 80 * gib);
    EXPECT_EQ(memory->used, 30 * gib);
    EXPECT_FALSE(nvml.memory(1));
    EXPECT_FALSE(nvml.memory(2));
}

/// Calls of nvmlInit_v2() that succeeded, less calls of nvmlShutdown().
int started() {
    void* library = ::dlopen(FAKE_NVML, RTLD_NOW);  // stays loaded, and so keeps its count
    return library == nullptr ? -1 : reinterpret_cast<int (*)()>(::dlsym(library, "fake_nvml_started"))();
}

TEST(NvmlTest, IsShutDownAsOftenAsStarted) {
    EXPECT_EQ(started(), 0);
    {
        const Nvml nvml(FAKE_NVML);
        EXPECT_EQ(started(), 1);
    }
    EXPECT_EQ(started(), 0);
}

TEST(NvmlTest, TellsNothingWithoutADriver) {
    EXPECT_EQ(started(), 0);
    {
        ::setenv("FAKE_NVML_DRIVER", "0", 1);
        const Nvml nvml(FAKE_NVML);
        ::unsetenv("FAKE_NVML_DRIVER");
        EXPECT_EQ(nvml.devices(), 0U);
        EXPECT_FALSE(nvml.memory(0));
    }
    EXPECT_EQ(started(), 0);
}

TEST(NvmlTest, TellsNothingWithoutTheLibrary) {
    for (const char* library : {"libgsfit-there-is-no-such-library.so.1", "libc.so.6"}) {
        const Nvml nvml(library);
        EXPECT_EQ(nvml.devices(), 0U);
        EXPECT_FALSE(nvml.memory(0));
    }
}

}  // namespace
}  // namespace gsfit
