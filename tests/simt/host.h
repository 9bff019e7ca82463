// The host's half of cuda/simt.h: CUDA C++ for a host compiler, executed by the engine.
#pragma once

#include <cmath>
#include <cstring>
#include <string>
#include <tuple>
#include <type_traits>

#include "cuda/stream.h"
#include "simt/arithmetic.h"
#include "simt/atomics.h"
#include "simt/engine.h"
#include "simt/vector_types.h"

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __grid_constant__
#define __launch_bounds__(...)
#define __align__(n) alignas(n)
#define __shared__ static_assert(false, "Kernels declare shared memory by SIMT_SHARED or SIMT_DYN_SHARED.");

#define SIMT_SHARED(T, name, ...)                             \
    typedef T simt_type_##name __VA_ARGS__;                   \
    static const char simt_tag_##name = 0;                    \
    simt_type_##name& name = *static_cast<simt_type_##name*>( \
        simt::shared_array(&simt_tag_##name, #name, sizeof(simt_type_##name), alignof(simt_type_##name)))
#define SIMT_DYN_SHARED(T, name) T* const name = static_cast<T*>(simt::dynamic_shared())

constexpr int warpSize = 32;

inline void __syncthreads(simt::Site at = {}) { simt::block_barrier("__syncthreads", false, at); }
inline int __syncthreads_count(int predicate, simt::Site at = {}) {
    return simt::block_barrier("__syncthreads_count", predicate != 0, at);
}
inline int __syncthreads_or(int predicate, simt::Site at = {}) {
    return simt::block_barrier("__syncthreads_or", predicate != 0, at) > 0;
}
inline int __syncthreads_and(int predicate, simt::Site at = {}) {
    return simt::block_barrier("__syncthreads_and", predicate == 0, at) == 0;
}

inline void __syncwarp(unsigned mask = ~0u, simt::Site at = {}) {
    simt::warp_exchange(simt::Exchange::sync, "__syncwarp", mask, 0, 0, at);
}
inline unsigned __ballot_sync(unsigned mask, int predicate, simt::Site at = {}) {
    return static_cast<unsigned>(
        simt::warp_exchange(simt::Exchange::vote, "__ballot_sync", mask, predicate != 0, 0, at));
}
inline int __any_sync(unsigned mask, int predicate, simt::Site at = {}) {
    return simt::warp_exchange(simt::Exchange::vote, "__any_sync", mask, predicate != 0, 0, at) != 0;
}
inline int __all_sync(unsigned mask, int predicate, simt::Site at = {}) {
    return simt::warp_exchange(simt::Exchange::vote, "__all_sync", mask, predicate == 0, 0, at) == 0;
}

namespace simt {

/// The value of the lane `source` where that is in [first, first + width), the calling lane's own elsewhere.
template <class T>
T shuffle(const char* name, unsigned mask, T value, int source, int first, int width, Site at) {
    static_assert(std::is_arithmetic_v<T> && sizeof(T) >= 4, "Shuffles move numbers of 4 and 8 bytes.");
    if (source < first || source >= first + width) source = lane();
    std::uint64_t bits = 0;
    std::memcpy(&bits, &value, sizeof value);
    bits = warp_exchange(Exchange::shuffle, name, mask, bits, source, at);
    std::memcpy(&value, &bits, sizeof value);
    return value;
}

/// A warp is cut into segments of `width` lanes, a power of two: the first lane of the calling lane's.
inline int segment(int width) { return lane() & ~(width - 1); }

}  // namespace simt

template <class T>
T __shfl_sync(unsigned mask, T value, int source, int width = 32, simt::Site at = {}) {
    const int first = simt::segment(width);
    return simt::shuffle("__shfl_sync", mask, value, first + (source & (width - 1)), first, width, at);
}
template <class T>
T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32, simt::Site at = {}) {
    const int source = simt::lane() - static_cast<int>(delta);
    return simt::shuffle("__shfl_up_sync", mask, value, source, simt::segment(width), width, at);
}
template <class T>
T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32, simt::Site at = {}) {
    const int source = simt::lane() + static_cast<int>(delta);
    return simt::shuffle("__shfl_down_sync", mask, value, source, simt::segment(width), width, at);
}
template <class T>
T __shfl_xor_sync(unsigned mask, T value, int bits, int width = 32, simt::Site at = {}) {
    // Lower segments may be read, higher ones may not.
    return simt::shuffle("__shfl_xor_sync", mask, value, simt::lane() ^ bits, 0, simt::segment(width) + width, at);
}

namespace simt {

template <class... Parameters, class... Arguments>
void launch(void (*kernel)(Parameters...), dim3 grid, dim3 block, std::size_t shared_bytes, gsfit::gpu::Stream,
            Arguments&&... arguments) {
    // Converted once, as a launch does.
    const std::tuple<std::decay_t<Parameters>...> parameters(static_cast<Parameters>(arguments)...);
    enqueue([=] { run(grid, block, shared_bytes, [&] { std::apply(kernel, parameters); }); });
}

inline void set_zero(void* to, std::size_t bytes, gsfit::gpu::Stream) {
    enqueue([=] { std::memset(to, 0, bytes); });
}

}  // namespace simt
