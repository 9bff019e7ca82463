#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "gsfit/image.h"
#include "gsfit/types.h"
#include "reference/scenes.h"

namespace gsfit {

/// Where the kernels for GPUs run: on a GPU, or (parity_rooms) on the CPU, executed by the engine of tests/simt.
struct KernelDevice {
    std::optional<at::Device> device;
    std::string problem;  ///< why there is none
};
KernelDevice find_kernel_device();

/// Tests of the rooms on that device; skipped where there is none.
class OnGpu : public testing::Test {
protected:
    void SetUp() override {
        if (!found().device) GTEST_SKIP() << found().problem;
    }

    [[nodiscard]] static at::Device device() { return found().device.value(); }
    [[nodiscard]] static at::Tensor put(const at::Tensor& tensor) { return tensor.to(device()); }
    /// The target must outlive what comes back: on the CPU it is not copied.
    [[nodiscard]] static PackedImage put(const reference::Target& target) {
        return PackedImage(target.view(), nullptr).on_device(device());
    }
    static PackedImage put(const reference::Target&&) = delete;
    [[nodiscard]] static Field put(const Field& field) {
        return {put(field.position), put(field.inv_scale), put(field.rotation),
                put(field.feature),  field.raster_width,   field.raster_height};
    }

private:
    static const KernelDevice& found() {
        static const KernelDevice device = find_kernel_device();
        return device;
    }
};

}  // namespace gsfit
