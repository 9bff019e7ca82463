#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace gsfit {

/// NVIDIA's management library, loaded when it is there: it tells what all processes use of a GPU, whether or not this
/// one or LibTorch can use the GPU.
class Nvml {
public:
    struct Memory {
        std::int64_t total = 0;  ///< [bytes]
        std::int64_t used = 0;   ///< by all processes and the driver [bytes]
    };

    explicit Nvml(const std::string& library = "libnvidia-ml.so.1");
    Nvml(const Nvml&) = delete;
    Nvml& operator=(const Nvml&) = delete;
    ~Nvml();

    /// GPUs in the order of the PCI bus, whatever CUDA_VISIBLE_DEVICES says; 0 where the library is not there or finds
    /// no driver.
    [[nodiscard]] unsigned devices() const;
    /// nullopt when there is no such GPU, or it does not tell.
    [[nodiscard]] std::optional<Memory> memory(unsigned device) const;

private:
    template <class Function>
    Function find(const char* name) const;

    void* library_ = nullptr;
};

}  // namespace gsfit
