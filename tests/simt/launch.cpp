#include <algorithm>
#include "simt/scheduler.h"
#include "simt/shared_memory.h"

namespace simt {
namespace {

void check_limits(dim3 grid, dim3 size, std::size_t shared_bytes) {
    const auto refuse = [](const auto&... what) {
        std::ostringstream sentence;
        ((sentence << "A launch cannot have ") << ... << what);
        throw Finding(sentence.str() + ".");
    };
    const std::uint64_t threads = std::uint64_t{size.x} * size.y * size.z;
    if (threads == 0 || threads > max_warps * warp_size || size.z > 64) {
        refuse("blocks of ", uint3{size.x, size.y, size.z}, " threads");
    }
    if (grid.x > 0x7fffffff || grid.y > 0xffff || grid.z > 0xffff) {
        refuse("a grid of ", uint3{grid.x, grid.y, grid.z}, " blocks");
    }
    if (shared_bytes > shared_limit) refuse(shared_bytes, " bytes of shared memory");
}

void make_threads() {
    block.threads.clear();
    for (unsigned z = 0; z < blockDim.z; ++z) {
        for (unsigned y = 0; y < blockDim.y; ++y) {
            for (unsigned x = 0; x < blockDim.x; ++x) {
                block.threads.push_back({static_cast<unsigned>(block.threads.size()), {x, y, z}});
            }
        }
    }
}

void begin_block(unsigned number) {
    blockIdx = {number % gridDim.x, number / gridDim.x % gridDim.y, number / gridDim.x / gridDim.y};
    const auto threads = static_cast<unsigned>(block.threads.size());
    block.number = number;
    block.alive = threads;
    block.at_barrier = 0;
    block.votes = 0;
    block.epoch = 0;
    block.ready_warps = 0;
    for (unsigned w = 0; w * warp_size < threads; ++w) {
        const unsigned lanes = std::min(threads - w * warp_size, warp_size);
        Warp& warp = block.warps[w];
        warp.number = w;
        warp.meeting_count = 0;
        warp.ready = 0;
        warp.alive = ~0u >> (warp_size - lanes);
        make_ready(warp, warp.alive);
    }
}

}  // namespace

void run(dim3 grid, dim3 size, std::size_t shared_bytes, const std::function<void()>& thread) {
    const std::uint64_t blocks = std::uint64_t{grid.x} * grid.y * grid.z;
    if (blocks == 0) return;
    check_limits(grid, size, shared_bytes);
    gridDim = grid;
    blockDim = size;
    ++block.launch;
    make_threads();
    Order order = Order::from_environment();
    for (const std::uint32_t number : order.permutation(blocks)) {
        begin_block(number);
        renew_shared_memory(shared_bytes);
        run_threads(thread, order);
    }
}

}  // namespace simt
