// Algorithms over a whole array of the device: CUB on a GPU (primitives.cu), plain C++ where kernels run on the CPU.
// They allocate nothing. An n of 0 does nothing; a workspace that is too small, or a number of bits that a key does not
// have, throws std::invalid_argument.
#pragma once

#include <cstddef>
#include <cstdint>

#include "cuda/stream.h"

namespace gsfit::gpu {

/// Memory of the device that a call may scribble over, aligned to 256 bytes as cudaMalloc's is.
struct Workspace {
    void* data;
    std::size_t bytes;
};

/// out[i] = in[0] + ... + in[i - 1], for i of [0, n), summed in 64 bits.
void exclusive_scan(const std::uint32_t* in, std::uint64_t* out, std::int64_t n, Workspace workspace, Stream stream);
std::size_t scan_bytes(std::int64_t n);

/// Sorts by the lowest `bits` of the keys, and leaves pairs that agree in those in their order. Input and output do not
/// overlap.
void sort_pairs(const std::uint32_t* keys, std::uint32_t* sorted_keys, const std::uint32_t* values,
                std::uint32_t* sorted_values, std::int64_t n, int bits, Workspace workspace, Stream stream);
std::size_t sort_bytes(std::int64_t n);

void sort_pairs(const std::uint64_t* keys, std::uint64_t* sorted_keys, const std::uint32_t* values,
                std::uint32_t* sorted_values, std::int64_t n, int bits, Workspace workspace, Stream stream);
std::size_t sort_bytes64(std::int64_t n);

}  // namespace gsfit::gpu
