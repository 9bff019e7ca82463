#include "simt/scheduler.h"

namespace simt {
namespace {

Site met_at;      // where the first thread came to the barrier
int counted = 0;  // true predicates at the last barrier

void open_barrier() {
    counted = block.votes;
    block.votes = 0;
    block.at_barrier = 0;
    ++block.epoch;
    for (unsigned w = 0; w * warp_size < block.threads.size(); ++w) make_ready(block.warps[w], block.warps[w].alive);
}

}  // namespace

int block_barrier(const char* name, bool predicate, Site at) {
    if (block.alive != block.threads.size()) {
        fail(*current, name, " at ", at, ", but ", block.threads.size() - block.alive,
             " threads of the block have returned from the kernel.");
    }
    if (block.at_barrier == 0) met_at = at;
    if (!(met_at == at)) {
        fail(*current, name, " at ", at, ", but other threads of the block wait at ", met_at,
             ": a barrier is one line for all of them.");
    }
    block.votes += predicate;
    if (++block.at_barrier == block.alive) open_barrier();
    wait(name, at);
    return counted;
}

void leave_block() {
    --block.alive;
    if (block.at_barrier == 0) return;
    fail(*current, "It returned from the kernel, but other threads of the block wait for it at the barrier of ", met_at,
         ".");
}

}  // namespace simt
