// The shared memory of the block that runs.
#pragma once

#include <cstddef>

namespace simt {

/// Before a block begins: forgets the arrays of the one before, and makes the one that the launch asked for.
void renew_shared_memory(std::size_t dynamic_bytes);

/// What a block has without asking the driver for more.
constexpr std::size_t shared_limit = 48 << 10;

bool is_shared(const void* address);

}  // namespace simt
