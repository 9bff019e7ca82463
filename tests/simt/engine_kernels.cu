#include "simt/engine_kernels.h"

#include "cuda/simt.h"

namespace simt_test {
namespace {

constexpr unsigned whole_warp = 0xffffffffu;

enum class Order { none, barrier, syncwarp, shuffle };

template <Order order>
__device__ inline void wait_by() {
    if (order == Order::barrier) __syncthreads();
    if (order == Order::syncwarp) __syncwarp();
    if (order == Order::shuffle) __shfl_sync(whole_warp, 0, 0);
}

__device__ inline float sum_of_warp(float x) {
    for (int delta = 16; delta > 0; delta /= 2) x += __shfl_down_sync(whole_warp, x, delta);
    return x;
}

template <Order order>
__global__ void sum_block(const float* in, float* sums) {
    SIMT_SHARED(float, partial, [32]);
    const unsigned t = threadIdx.x;
    const float mine = sum_of_warp(in[blockIdx.x * blockDim.x + t]);
    if (t % 32 == 0) partial[t / 32] = mine;
    wait_by<order>();
    if (t > 0) return;
    float sum = 0;
    for (unsigned warp = 0; warp < blockDim.x / 32; ++warp) sum += partial[warp];
    sums[blockIdx.x] = sum;
}

template <int n, Order order>
__global__ void reverse(int* values) {
    SIMT_SHARED(int, all, [n]);
    const unsigned t = threadIdx.x;
    all[t] = values[t];
    wait_by<order>();
    values[t] = all[n - 1 - t];
}

__global__ void all_warp_operations(int* results) {
    const int lane = threadIdx.x % 32;
    int* const mine = results + threadIdx.x * warp_operations;
    mine[0] = __shfl_sync(whole_warp, lane, 11, 8);
    mine[1] = __shfl_up_sync(whole_warp, lane, 3, 8);
    mine[2] = __shfl_down_sync(whole_warp, lane, 3, 8);
    mine[3] = __shfl_xor_sync(whole_warp, lane, 5);
    mine[4] = static_cast<int>(__shfl_sync(whole_warp, 1LL << lane, 31) >> 31);
    mine[5] = static_cast<int>(__shfl_sync(whole_warp, 0.5f * lane, 30));
    mine[6] = static_cast<int>(__ballot_sync(whole_warp, lane % 3 == 0));
    mine[7] = __any_sync(whole_warp, lane == 7);
    mine[8] = __all_sync(whole_warp, lane != 7);
}

__global__ void two_shuffles(int* out) {
    const int lane = threadIdx.x;
    if (lane < 16) {
        out[lane] = __shfl_sync(0x0000ffffu, lane, 15);
    } else {
        out[lane] = __shfl_sync(0xffff0000u, lane, 16);
    }
}

__global__ void vote(int* votes) {
    const unsigned t = threadIdx.x;
    const int odd = __syncthreads_count(t % 2);
    const int any = __syncthreads_or(t == 96);
    const int all = __syncthreads_and(t < 96);
    if (t > 0) return;
    votes[0] = odd;
    votes[1] = any;
    votes[2] = all;
}

__global__ void count(const int* values, int n, int* counts) {
    const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
    if (i < n) atomicAdd(&counts[values[i]], 1);
}

__global__ void all_atomics(unsigned long long* results) {
    const unsigned t = threadIdx.x;
    atomicAdd(&results[0], t);
    atomicMax(&results[1], t);
    atomicMin(&results[2], t);
    atomicOr(&results[3], 1ull << t);
    atomicAnd(&results[4], ~(1ull << t));
    if (t == 5) atomicExch(&results[5], t);
    atomicCAS(&results[6], 40, t + 1);
}

template <class T>
__global__ void write(T* out, int n) {
    const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
    if (i < n) out[i] = static_cast<T>(i);
}

__global__ void copy_shared(float* out) {
    SIMT_SHARED(float, unset, [32]);
    out[threadIdx.x] = unset[threadIdx.x];
}

__global__ void arrive(int* order, int* arrived) { order[threadIdx.x + blockIdx.x] = atomicAdd(arrived, 1); }

__global__ void nothing() {}

__global__ void two_barriers(int* out) {
    if (threadIdx.x < 32) {
        __syncthreads();
    } else {
        __syncthreads();
    }
    out[threadIdx.x] = 1;
}

__global__ void return_early(int* out) {
    if (threadIdx.x >= 60) return;
    __syncthreads();
    out[threadIdx.x] = 1;
}

__global__ void barrier_against_vote(int* out) {
    if (threadIdx.x == 0) __syncthreads();
    out[threadIdx.x] = __any_sync(whole_warp, 1);
}

__global__ void shuffle_half(int* out, unsigned mask, int source) {
    const int lane = threadIdx.x;
    if (lane < 16) out[lane] = __shfl_sync(mask, lane, source);
}

__global__ void last_returns(int* out) {
    const int lane = threadIdx.x;
    if (lane == 31) return;
    out[lane] = __shfl_down_sync(whole_warp, lane, 1);
}

__global__ void shuffle_diverged(int* out) {
    const int lane = threadIdx.x;
    if (lane % 2 == 0) {
        out[lane] = __shfl_sync(whole_warp, lane, 0);
    } else {
        out[lane] = __shfl_sync(whole_warp, lane, 1);
    }
}

__global__ void read_then_write(int* out) {
    SIMT_SHARED(int, value, );
    if (threadIdx.x == 0) value = 1;
    __syncthreads();
    if (threadIdx.x == 0 || threadIdx.x >= 32) out[threadIdx.x] = value;
    __syncwarp();
    if (threadIdx.x == 40) value = 2;
}

__global__ void write_block(int* out) { *out = static_cast<int>(blockIdx.x); }

__global__ void pass_on(int* values) { values[blockIdx.x + 1] = values[blockIdx.x]; }

__global__ void mix_writes(int* counter) {
    if (threadIdx.x == 7) {
        *counter = 5;
    } else {
        atomicAdd(counter, 1);
    }
}

__global__ void mix_reads(int* counter) {
    atomicAdd(&counter[0], 1);
    if (threadIdx.x == 0) counter[1] = counter[0];
}

__global__ void take_shared(float* out) {
    SIMT_SHARED(float, half, [6144]);
    SIMT_SHARED(float, too_much, [6145]);
    half[threadIdx.x] = 1;
    too_much[threadIdx.x] = half[threadIdx.x];
    out[threadIdx.x] = too_much[threadIdx.x];
}

template <int n>
__global__ void write_static(int beyond, int* out) {
    SIMT_SHARED(int, array, [n]);
    int* const first = array;
    first[n - 1 + beyond] = 2;
    out[0] = array[n - 1];
}

template <int n>
__global__ void write_inner(int beyond, int* out) {
    SIMT_SHARED(int, array, [2][n]);
    array[0][n - 1 + beyond] = 2;
    out[0] = array[0][n - 1];
}

__global__ void write_dynamic(int n, int beyond, int* out) {
    SIMT_DYN_SHARED(int, array);
    array[n - 1 + beyond] = 2;
    out[0] = array[n - 1];
}

__global__ void convert(const float* in, int* out) { *out = static_cast<int>(*in); }

}  // namespace

void sum_blocks(const float* in, float* sums, int blocks, int threads) {
    simt::launch(sum_block<Order::barrier>, blocks, threads, 0, nullptr, in, sums);
}
void reverse_warp(int* values) { simt::launch(reverse<32, Order::syncwarp>, 1, 32, 0, nullptr, values); }
void use_warp_operations(int* results) { simt::launch(all_warp_operations, 1, 64, 0, nullptr, results); }
void shuffle_in_halves(int* out) { simt::launch(two_shuffles, 1, 32, 0, nullptr, out); }
void vote_in_block(int* votes) { simt::launch(vote, 1, 96, 0, nullptr, votes); }
void count_values(const int* values, int n, int* counts) {
    simt::launch(count, (n + 63) / 64, 64, 0, nullptr, values, n, counts);
}
void use_atomics(unsigned long long* results) { simt::launch(all_atomics, 1, 64, 0, nullptr, results); }
void write_bytes(std::uint8_t* out, int n) { simt::launch(write<std::uint8_t>, (n + 31) / 32, 32, 0, nullptr, out, n); }
void write_numbers(int* out, int n) { simt::launch(write<int>, (n + 31) / 32, 32, 0, nullptr, out, n); }
void copy_unset_shared(float* out) { simt::launch(copy_shared, 1, 32, 0, nullptr, out); }
void order_of_threads(int* order, int threads) {
    int arrived = 0;
    simt::launch(arrive, 1, threads, 0, nullptr, order, &arrived);
}
void order_of_blocks(int* order, int blocks) {
    int arrived = 0;
    simt::launch(arrive, blocks, 1, 0, nullptr, order, &arrived);
}
void launch_nothing(unsigned grid_x, unsigned grid_y, unsigned block_x, unsigned block_z, std::size_t shared_bytes) {
    simt::launch(nothing, dim3(grid_x, grid_y), dim3(block_x, 1, block_z), shared_bytes, nullptr);
}

void barrier_in_two_branches(int* out) { simt::launch(two_barriers, 1, 64, 0, nullptr, out); }
void barrier_without_those_that_returned(int* out) { simt::launch(return_early, 1, 64, 0, nullptr, out); }
void wait_for_each_other(int* out) { simt::launch(barrier_against_vote, 1, 32, 0, nullptr, out); }
void shuffle_from_outside_the_mask(int* out) { simt::launch(shuffle_half, 1, 32, 0, nullptr, out, 0xffffu, 20); }
void shuffle_without_being_in_the_mask(int* out) { simt::launch(shuffle_half, 1, 32, 0, nullptr, out, 0xff00u, 8); }
void shuffle_from_a_lane_that_returned(int* out) { simt::launch(last_returns, 1, 32, 0, nullptr, out); }
void shuffle_in_two_branches(int* out) { simt::launch(shuffle_diverged, 1, 32, 0, nullptr, out); }

void sum_blocks_without_barrier(const float* in, float* sums, int blocks, int threads) {
    simt::launch(sum_block<Order::none>, blocks, threads, 0, nullptr, in, sums);
}
void reverse_warp_without_sync(int* values) { simt::launch(reverse<32, Order::none>, 1, 32, 0, nullptr, values); }
void reverse_warp_after_shuffle(int* values) { simt::launch(reverse<32, Order::shuffle>, 1, 32, 0, nullptr, values); }
void reverse_block_by_syncwarp(int* values) { simt::launch(reverse<64, Order::syncwarp>, 1, 64, 0, nullptr, values); }
void overwrite_what_others_read(int* out) { simt::launch(read_then_write, 1, 64, 0, nullptr, out); }
void write_one_place_from_blocks(int* out) { simt::launch(write_block, 3, 1, 0, nullptr, out); }
void read_what_another_block_writes(int* values) { simt::launch(pass_on, 3, 1, 0, nullptr, values); }
void add_and_write(int* counter) { simt::launch(mix_writes, 1, 32, 0, nullptr, counter); }
void add_and_read(int* counter) { simt::launch(mix_reads, 1, 64, 0, nullptr, counter); }

void take_too_much_shared(float* out) { simt::launch(take_shared, 1, 32, 0, nullptr, out); }
void write_static_shared(int beyond, int* out) { simt::launch(write_static<33>, 1, 1, 0, nullptr, beyond, out); }
void write_inner_shared(int beyond, int* out) { simt::launch(write_inner<33>, 1, 1, 0, nullptr, beyond, out); }
void write_dynamic_shared(int beyond, int* out) {
    simt::launch(write_dynamic, 1, 1, 33 * sizeof(int), nullptr, 33, beyond, out);
}
void convert_to_int(const float* in, int* out) { simt::launch(convert, 1, 1, 0, nullptr, in, out); }

}  // namespace simt_test
