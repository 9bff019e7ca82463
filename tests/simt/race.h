// Finds the races of a launch. What orders two accesses to the same memory: the order within a thread, the block's
// barriers, __syncwarp, the launch. Nothing else does, whatever order the engine ran them in.
#pragma once

#include <cstddef>

namespace simt {

/// The current thread reads or writes memory; `code` is the address behind the instruction. Outside of kernels it is
/// nobody's business. A race ends the launch with a Finding that names both lines.
void access(const void* memory, std::size_t bytes, bool write, bool atomic, void* code);

}  // namespace simt
