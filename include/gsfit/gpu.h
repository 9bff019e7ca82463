#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/DeviceGuard.h>

#include <optional>
#include <string>

#include "cuda/launchers.h"

namespace gsfit {

/// The kernels for a tensor on a GPU, and the stream that they go to; while it lives, the tensor's GPU is the current
/// one. False for a tensor on the CPU.
class Gpu {
public:
    explicit Gpu(const at::Tensor& tensor);
    Gpu(const Gpu&) = delete;
    Gpu& operator=(const Gpu&) = delete;

    explicit operator bool() const { return launchers_ != nullptr; }
    const gpu::Launchers* operator->() const { return launchers_; }
    [[nodiscard]] gpu::Stream stream() const { return stream_; }

private:
    const gpu::Launchers* launchers_ = nullptr;
    gpu::Stream stream_ = nullptr;
    c10::OptionalDeviceGuard guard_;
};

/// Working memory for kernels, where `like` lies.
class DeviceScratch {
public:
    DeviceScratch(std::size_t bytes, const at::Tensor& like);

    [[nodiscard]] gpu::Workspace workspace() const {
        return {bytes_.mutable_data_ptr(), static_cast<std::size_t>(bytes_.numel())};
    }

private:
    at::Tensor bytes_;
};

/// Where a run computes.
struct DeviceChoice {
    c10::Device device = c10::kCPU;
    std::string name = "cpu";  ///< or "cuda:0, NVIDIA H200 (sm_90)"
    std::string note;          ///< for `auto`, why no GPU is used where one seems to be there; else empty
};

/// Throws UsageError for a wish that is none of "auto", "cpu", "cuda" and "cuda:N". Looks at no device.
void check_device(const std::string& wish);

/// The GPU that "cuda" or "cuda:N" names, whether or not it is there; nothing for other wishes.
std::optional<c10::Device> named_gpu(const std::string& wish);

/// To be called before anything asks LibTorch for a GPU or runs a backward pass: what it finds then it keeps to.
/// auto: the first GPU, where it works, else the CPU. Throws DeviceError when a GPU is asked for and cannot be used,
/// and as check_device() does.
DeviceChoice choose_device(const std::string& wish);

}  // namespace gsfit
