#pragma once

#include <string>

#include "cuda/launchers.h"
#include "cuda/stream.h"

namespace gsfit::gpu {

/// What a GPU is made of; 0 where CUDA does not tell.
struct DeviceFigures {
    int capability = 0;        ///< 90: compute capability 9.0
    int processors = 0;        ///< streaming multiprocessors
    int clock_khz = 0;         ///< of those, the highest
    int memory_clock_khz = 0;  ///< the highest
    int memory_bus_bits = 0;
};

/// What libgsfit_cuda.so offers the program that loads it.
struct Plugin {
    const char* version;  ///< of gsfit: program and library must be of one
    Launchers launchers;

    /// Of the GPUs that CUDA can use; -1: none can be, and `problem` says why in a sentence.
    int (*count_devices)(std::string& problem);
    /// "NVIDIA H200 (sm_90)".
    std::string (*name_device)(int device);
    DeviceFigures (*device_figures)(int device);
    /// Sentence that says why kernels do not run on this device; empty when they do.
    std::string (*try_device)(int device);
    /// LibTorch's current stream.
    Stream (*current_stream)(int device);
};

/// Exported as "gsfit_cuda_plugin".
using GetPlugin = const Plugin* (*)();

}  // namespace gsfit::gpu
