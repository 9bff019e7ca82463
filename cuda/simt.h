// What kernel files include: under nvcc the device's own means, elsewhere those of the engine that executes the same
// source on the CPU (tests/simt). Both give the CUDA C++ that kernels are written in, and:
//
// SIMT_SHARED(T, name, [dimensions])   an array (without dimensions a variable) that the block's threads share
// SIMT_DYN_SHARED(T, name)             a pointer to the shared bytes that the launch asked for, aligned to 16
// simt::launch(kernel, grid, block, shared_bytes, stream, arguments...)
//                                      <<<>>>; an empty grid does nothing; throws std::runtime_error where CUDA
//                                      refuses, gsfit::DeviceBadAlloc where it lacks memory
// simt::set_zero(to, bytes, stream)    zeroes memory of the device, in the stream's order
// simt::load_half, simt::store_half    IEEE halves as bits: to nearest even, overflow to infinity, NaN stays NaN
// simt::exp2(x)                        2^x to 2 ulp; on the device a result below 2^-126 is 0
#pragma once

#if defined(__CUDACC__)

#include <cuda_fp16.h>
#include <cuda_runtime.h>

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>

#include "cuda/stream.h"
#include "gsfit/core/device_bad_alloc.h"

#define SIMT_SHARED(T, name, ...) __shared__ T name __VA_ARGS__
#define SIMT_DYN_SHARED(T, name)                                 \
    extern __shared__ __align__(16) unsigned char simt_shared[]; \
    T* const name = reinterpret_cast<T*>(simt_shared)

namespace simt {

inline void check(cudaError_t error, const char* what) {
    if (error == cudaSuccess) return;
    cudaGetLastError();  // is not the next launch's
    if (error == cudaErrorMemoryAllocation)
        throw gsfit::DeviceBadAlloc();  // a kernel's code is loaded when it is first launched
    throw std::runtime_error(std::string("CUDA could not ") + what + ": " + cudaGetErrorName(error) + ", " +
                             cudaGetErrorString(error) + ".");
}

template <class... Parameters, class... Arguments>
void launch(void (*kernel)(Parameters...), dim3 grid, dim3 block, std::size_t shared_bytes, gsfit::gpu::Stream stream,
            Arguments&&... arguments) {
    if (grid.x == 0 || grid.y == 0 || grid.z == 0) return;
    kernel<<<grid, block, shared_bytes, stream>>>(static_cast<Parameters>(arguments)...);
    check(cudaGetLastError(), "launch a kernel");
}

inline void set_zero(void* to, std::size_t bytes, gsfit::gpu::Stream stream) {
    check(cudaMemsetAsync(to, 0, bytes, stream), "zero memory");
}

__device__ inline float load_half(const std::uint16_t* from) { return __half2float(__ushort_as_half(*from)); }

__device__ inline void store_half(float value, std::uint16_t* to) { *to = __half_as_ushort(__float2half_rn(value)); }

__device__ inline float exp2(float x) {
    float power;
    asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(power) : "f"(x));
    return power;
}

}  // namespace simt

#else
#include "simt/host.h"
#endif
