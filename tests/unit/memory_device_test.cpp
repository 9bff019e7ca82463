#include <dlfcn.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "gsfit/memory/device_memory.h"
#include "gsfit/memory/nvml.h"
#include "unit/fake_device.h"

namespace gsfit {
namespace {

constexpr std::int64_t gib = 1 << 30;

/// One test: there is no way back to a program without an accelerator.
TEST(DeviceMemory, IsThatOfTheAccelerator) {
    EXPECT_FALSE(device_memory());
    EXPECT_FALSE(device_use());
    FakeDevices& fake = register_fake_devices();
    EXPECT_FALSE(device_memory());  // not in use yet
    EXPECT_FALSE(device_use());
    fake.ready = true;
    for (const c10::DeviceIndex index : {0, 1}) {
        fake.devices[static_cast<std::size_t>(index)] = {
            {(index + 1) * gib, (index + 2) * gib, (index + 3) * gib, (index + 4) * gib}, 80 * gib, (index + 10) * gib};
    }
    for (const c10::DeviceIndex index : {0, 1}) {
        const auto memory = device_memory(index);
        const auto use = device_use(index);
        ASSERT_TRUE(memory && use);
        EXPECT_EQ(memory->total, 80 * gib);
        EXPECT_EQ(memory->free, (index + 10) * gib);
        for (const DeviceUse& each : {static_cast<DeviceUse>(*memory), *use}) {
            EXPECT_EQ(each.allocated, (index + 1) * gib);
            EXPECT_EQ(each.reserved, (index + 2) * gib);
            EXPECT_EQ(each.peak_allocated, (index + 3) * gib);
            EXPECT_EQ(each.peak_reserved, (index + 4) * gib);
        }
    }
    release_device_cache();
    EXPECT_EQ(fake.emptied, 1);
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
