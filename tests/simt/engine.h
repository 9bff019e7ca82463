// What the engine does for the CUDA C++ of host.h. Every CUDA thread is a fiber of one OS thread; blocks run one after
// another. It is stricter than a GPU: what CUDA leaves undefined ends the launch with a Finding.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <stdexcept>

#include "simt/vector_types.h"

extern uint3 threadIdx;
extern uint3 blockIdx;
extern dim3 blockDim;
extern dim3 gridDim;

namespace simt {

/// What is wrong in a kernel, or in how it was launched: one sentence with block, thread and source line.
struct Finding : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// A line of a kernel; as a default argument, that of the caller.
struct Site {
    const char* file = __builtin_FILE();
    int line = __builtin_LINE();
    bool operator==(const Site& other) const;
};

/// Runs `thread` once for each thread of each block, in the order that SIMT_ORDER says: fwd (also where it is not set),
/// rev, or the number of a random order.
void run(dim3 grid, dim3 block, std::size_t shared_bytes, const std::function<void()>& thread);

/// Does at once what is given to a stream or, while a graph is being recorded (graph.cpp), keeps it for that.
void enqueue(std::function<void()> work);

/// Waits until every thread of the block has come to this line; returns how many came with a true predicate.
int block_barrier(const char* name, bool predicate, Site at);

enum class Exchange {
    sync,     ///< orders memory between the lanes, which the others do not
    shuffle,  ///< returns the value of the lane `source`
    vote,     ///< returns a bit of each lane: whether its value is other than 0
};

/// Waits until every lane of the mask has come to this line. `source` matters to shuffle alone.
std::uint64_t warp_exchange(Exchange kind, const char* name, unsigned mask, std::uint64_t value, int source, Site at);

/// The running thread's number within its warp.
int lane();

/// The block's memory for the array that `tag` is the address of; the first thread that asks makes it.
void* shared_array(const void* tag, const char* name, std::size_t bytes, std::size_t alignment);

/// The bytes that the launch asked for.
void* dynamic_shared();

}  // namespace simt
