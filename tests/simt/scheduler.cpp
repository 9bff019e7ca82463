#include "simt/scheduler.h"

#include <cstring>
#include <deque>
#include <utility>

uint3 threadIdx;
uint3 blockIdx;
dim3 blockDim;
dim3 gridDim;

namespace simt {

Block block;
Thread* current = nullptr;

namespace {

const std::function<void()>* body;
Order* order;
std::string finding;
Fiber host;
std::deque<Fiber> fibers;
std::vector<Fiber*> idle;

/// Takes the thread whose turn it is; null where none is ready.
Thread* take_ready() {
    if (block.ready_warps == 0) return nullptr;
    Warp& warp = block.warps[order->pick(block.ready_warps)];
    const unsigned lane = order->pick(warp.ready);
    warp.ready &= ~(1u << lane);
    if (warp.ready == 0) block.ready_warps &= ~(1u << warp.number);
    return &thread_of(warp, lane);
}

void make_current(Thread& thread) {
    current = &thread;
    threadIdx = thread.index;
}

/// Prints where threads wait; of neighbours that wait in one place the first.
struct WhoWaits {};
std::ostream& operator<<(std::ostream& out, WhoWaits) {
    const Thread* before = nullptr;
    for (const Thread& thread : block.threads) {
        if (!thread.waits_in || (before && before->at == thread.at)) continue;
        out << ", thread " << thread.number << " in " << thread.waits_in << " at " << thread.at;
        before = &thread;
    }
    return out;
}

[[noreturn]] void fail_deadlock() { fail(*current, "Deadlock: all that have not returned wait", WhoWaits(), "."); }

/// Every fiber's loop: a thread to its end, then the next.
[[noreturn]] void run_fiber() {
    for (;;) {
        (*body)();
        leave_warp();
        leave_block();
        Thread* const next = take_ready();
        if (!next && block.alive > 0) fail_deadlock();
        Fiber* const mine = std::exchange(current->fiber, nullptr);
        if (next && !next->fiber) {
            next->fiber = mine;
            make_current(*next);
            continue;
        }
        idle.push_back(mine);
        if (next) make_current(*next);
        Fiber::switch_to(*mine, next ? *next->fiber : host);
    }
}

Fiber* idle_fiber() {
    if (idle.empty()) return &fibers.emplace_back(run_fiber, static_cast<unsigned>(fibers.size()));
    Fiber* const fiber = idle.back();
    idle.pop_back();
    return fiber;
}

void resume(Thread& thread, Fiber& from) {
    if (!thread.fiber) thread.fiber = idle_fiber();
    make_current(thread);
    Fiber::switch_to(from, *thread.fiber);
}

}  // namespace

bool Site::operator==(const Site& other) const {
    return line == other.line && (file == other.file || std::strcmp(file, other.file) == 0);
}

void run_threads(const std::function<void()>& thread, Order& turns) {
    body = &thread;
    order = &turns;
    resume(*take_ready(), host);
    current = nullptr;
    if (finding.empty()) return;
    fibers.clear();
    idle.clear();
    throw Finding(std::exchange(finding, {}));
}

void wait(const char* name, Site at) {
    Thread& me = *current;
    me.waits_in = name;
    me.at = at;
    Thread* const next = take_ready();
    if (!next) fail_deadlock();
    if (next != &me) resume(*next, *me.fiber);
    me.waits_in = nullptr;
}

void make_ready(Warp& warp, unsigned lanes) {
    warp.ready |= lanes;
    block.ready_warps |= 1u << warp.number;
}

void note_finding(const Thread& thread, const std::string& sentence) {
    std::ostringstream place;
    place << "Block " << blockIdx << ", thread " << thread.index << ": ";
    finding = place.str() + sentence;
}

void abandon_block() {
    Fiber::switch_to(*current->fiber, host);
    __builtin_unreachable();
}

std::ostream& operator<<(std::ostream& out, Site site) { return out << site.file << ":" << site.line; }

std::ostream& operator<<(std::ostream& out, uint3 index) {
    return out << "(" << index.x << ", " << index.y << ", " << index.z << ")";
}

}  // namespace simt
