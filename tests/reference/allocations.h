#pragma once

#include <cstddef>
#include <cstdint>

namespace gsfit::reference {

// A program that calls these has an operator new which counts large allocations and can let one fail. What tensors hold
// comes from elsewhere and is not counted.

inline constexpr std::size_t large_allocation = 1024;  // [bytes]

/// From here on: nothing has been allocated, and of the large allocations number `failing`, counted from 0, will throw
/// std::bad_alloc; none when it is negative.
void watch_allocations(std::int64_t failing = -1);

/// Whether the allocation that was to fail has come.
bool has_failed();

/// Large allocations of exactly so many bytes.
std::int64_t count_allocations(std::int64_t bytes);

/// The most bytes that large allocations have held at once, less what they held at the start.
std::int64_t peak_of_allocations();

}  // namespace gsfit::reference
