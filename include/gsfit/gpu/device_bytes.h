#pragma once

#include <cstdint>

namespace gsfit {

// What allocations take of a GPU, for plans, which are made without one.

/// What LibTorch's allocator gives for a tensor of so many bytes: blocks are multiples of 512 bytes, and what is over
/// 10 MiB has a segment of its own, a multiple of 2 MiB.
std::int64_t device_bytes(std::int64_t bytes);

/// Smaller tensors share segments, those up to 1 MiB of 2 MiB and the others of 20 MiB: as much as is left unused in
/// one of each.
inline constexpr std::int64_t shared_segment_bytes = std::int64_t{22} << 20;

/// What sort_bytes() of cuda/primitives.h will be, estimated: keys and values once more, and counts of digits.
std::int64_t estimated_sort_bytes(std::int64_t pairs);

}  // namespace gsfit
