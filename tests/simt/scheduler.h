// Who runs: the threads of the one block that is executed, and the order they take turns in. A thread runs until it
// waits or ends. One that has not begun needs no stack of its own: it runs on the stack of one that has ended, so that
// a kernel that never waits is a plain loop.
#pragma once

#include <cstdint>
#include <functional>
#include <sstream>
#include <string>
#include <vector>

#include "simt/engine.h"
#include "simt/fiber.h"
#include "simt/order.h"

namespace simt {

struct Thread {
    unsigned number;  ///< within its block
    uint3 index;
    Fiber* fiber = nullptr;          ///< null until it begins
    const char* waits_in = nullptr;  ///< null while it does not wait
    Site at = {nullptr, 0};          ///< where it waits
    std::uint64_t value = 0;         ///< what it brings to warp_exchange
    int source = 0;
    std::uint64_t result = 0;  ///< what it takes from there
};

constexpr unsigned warp_size = 32;
constexpr unsigned max_warps = 32;

/// Lanes that have come to a warp_exchange and wait for the rest of the mask.
struct Meeting {
    Exchange kind;
    const char* name;
    Site at;
    unsigned mask;
    unsigned arrived;
};

struct Warp {
    unsigned number;
    unsigned alive;  ///< lanes that have not returned from the kernel
    unsigned ready;  ///< lanes that can run and do not
    unsigned meeting_count;
    Meeting meetings[warp_size];
};

struct Block {
    unsigned launch = 0;  ///< number of the launch in this program, from 1
    unsigned number = 0;
    unsigned alive = 0;        ///< threads that have not returned from the kernel
    unsigned at_barrier = 0;   ///< threads that wait there
    int votes = 0;             ///< of those, with a true predicate
    unsigned epoch = 0;        ///< barriers passed
    unsigned ready_warps = 0;  ///< those with a ready lane
    std::vector<Thread> threads;
    Warp warps[max_warps];
};

extern Block block;
extern Thread* current;  ///< null outside of kernels

inline Warp& warp_of(const Thread& thread) { return block.warps[thread.number / warp_size]; }
inline unsigned lane_of(const Thread& thread) { return thread.number % warp_size; }
inline Thread& thread_of(const Warp& warp, unsigned lane) { return block.threads[warp.number * warp_size + lane]; }

/// Runs all the threads of `block`, which are ready, to their end; throws the Finding where one is made.
void run_threads(const std::function<void()>& thread, Order& order);

/// The current thread waits until it is made ready.
void wait(const char* name, Site at);

void make_ready(Warp& warp, unsigned lanes);

std::ostream& operator<<(std::ostream& out, Site site);
std::ostream& operator<<(std::ostream& out, uint3 index);

/// Keeps what run_threads is to throw: the thread's place, and the sentence.
void note_finding(const Thread& thread, const std::string& sentence);

/// Leaves the block as it is; what lies on the stacks of its threads is never destroyed.
[[noreturn]] void abandon_block();

/// Ends the launch with a sentence of pieces that own no memory.
template <class... Pieces>
[[noreturn]] void fail(const Thread& thread, const Pieces&... pieces) {
    note_finding(thread, static_cast<std::ostringstream&&>((std::ostringstream() << ... << pieces)).str());
    abandon_block();
}

/// Called when the lanes of the warp have passed __syncwarp together: race.cpp's, null in programs without it.
extern void (*on_warp_sync)(const Warp& warp, unsigned lanes);

/// The current thread has returned from the kernel: what that means to those who wait (barrier.cpp, warp.cpp).
void leave_block();
void leave_warp();

}  // namespace simt
