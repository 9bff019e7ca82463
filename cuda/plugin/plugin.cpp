// The door of libgsfit_cuda.so.

#include "cuda/plugin/plugin.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/zeros.h>
#include <c10/cuda/CUDAStream.h>
#include <cuda_runtime.h>

#include <exception>

namespace gsfit::gpu {

namespace {

std::string version_text(int version) {
    return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

std::string sentence_of(cudaError_t error) {
    int driver = 0;
    cudaDriverGetVersion(&driver);
    switch (error) {
        case cudaErrorInsufficientDriver:
            if (driver == 0) return "no NVIDIA driver is installed; install one";
            return "the NVIDIA driver supports CUDA " + version_text(driver) + ", and this gsfit needs " +
                   version_text(CUDART_VERSION) + "; update the driver";
        case cudaErrorNoDevice:
            return "CUDA finds no GPU; see whether nvidia-smi does and CUDA_VISIBLE_DEVICES hides it";
        default:
            return std::string("CUDA says '") + cudaGetErrorString(error) + "'; see what nvidia-smi says";
    }
}

int count_devices(std::string& problem) {
    int count = 0;
    const cudaError_t error = cudaGetDeviceCount(&count);
    if (error == cudaSuccess && count > 0) return count;
    problem = sentence_of(error == cudaSuccess ? cudaErrorNoDevice : error);
    return -1;
}

std::string name_device(int device) {
    cudaDeviceProp properties{};
    if (cudaGetDeviceProperties(&properties, device) != cudaSuccess) return "unknown";
    return std::string(properties.name) + " (sm_" + std::to_string(properties.major) +
           std::to_string(properties.minor) + ")";
}

DeviceFigures device_figures(int device) {
    const auto figure = [device](cudaDeviceAttr attribute) {
        int value = 0;
        return cudaDeviceGetAttribute(&value, attribute, device) == cudaSuccess ? value : 0;
    };
    return {10 * figure(cudaDevAttrComputeCapabilityMajor) + figure(cudaDevAttrComputeCapabilityMinor),
            figure(cudaDevAttrMultiProcessorCount), figure(cudaDevAttrClockRate), figure(cudaDevAttrMemoryClockRate),
            figure(cudaDevAttrGlobalMemoryBusWidth)};
}

std::string try_device(int device) {
    try {
        at::zeros({1}, at::TensorOptions().device(c10::Device(c10::kCUDA, static_cast<c10::DeviceIndex>(device))))
            .item<float>();
        return {};
    } catch (const std::exception& error) {
        const std::string text = error.what();
        return "it does not work (" + text.substr(0, text.find('\n')) + "); see what nvidia-smi says";
    }
}

Stream current_stream(int device) { return c10::cuda::getCurrentCUDAStream(static_cast<c10::DeviceIndex>(device)); }

}  // namespace

}  // namespace gsfit::gpu

extern "C" __attribute__((visibility("default"))) const gsfit::gpu::Plugin* gsfit_cuda_plugin() {
    using namespace gsfit::gpu;
    static const Plugin plugin{GSFIT_VERSION,  launchers(), count_devices, name_device,
                               device_figures, try_device,  current_stream};
    return &plugin;
}
