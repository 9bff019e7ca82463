#include "simt/engine_kernels.h"

#include "cuda/simt.h"

namespace simt_test {
namespace {

constexpr unsigned whole_warp = 0xffffffffu;

__device__ inline float warp_sum(float x) {
    for (int delta = 16; delta > 0; delta /= 2) x += __shfl_down_sync(whole_warp, x, delta);
    return x;
}

template <bool barrier>
__global__ void sum_block(const float* in, float* out) {
    SIMT_SHARED(float, partial, [32]);
    const unsigned t = threadIdx.x;
    const float mine = warp_sum(in[blockIdx.x * blockDim.x + t]);
    if (t % 32 == 0) partial[t / 32] = mine;
    if (barrier) __syncthreads();
    if (t == 0) {
        float sum = 0;
        for (unsigned warp = 0; warp < blockDim.x / 32; ++warp) sum += partial[warp];
        out[blockIdx.x] = sum;
    }
}

__global__ void use_warp_operations(int* out) {
    const int lane = threadIdx.x % 32;
    int* const mine = out + threadIdx.x * warp_operations;
    mine[0] = __shfl_sync(whole_warp, lane, 11, 8);
    mine[1] = __shfl_up_sync(whole_warp, lane, 3, 8);
    mine[2] = __shfl_down_sync(whole_warp, lane, 3, 8);
    mine[3] = __shfl_xor_sync(whole_warp, lane, 5);
    mine[4] = static_cast<int>(__ballot_sync(whole_warp, lane % 3 == 0));
    mine[5] = __any_sync(whole_warp, lane == 7);
    mine[6] = __all_sync(whole_warp, lane != 7);
    mine[7] = static_cast<int>(__shfl_sync(whole_warp, 1LL << lane, 31) >> 31);
    mine[8] = static_cast<int>(__shfl_sync(whole_warp, 0.5f * lane, 30));
}

__global__ void shuffle_halves(int* out) {
    const int lane = threadIdx.x;
    if (lane < 16) {
        out[lane] = __shfl_sync(0x0000ffffu, lane, 15);
    } else {
        out[lane] = __shfl_sync(0xffff0000u, lane, 16);
    }
}

template <bool sync>
__global__ void reverse(int* values) {
    SIMT_SHARED(int, all, [32]);
    const int lane = threadIdx.x;
    all[lane] = values[lane];
    if (sync) __syncwarp();
    values[lane] = all[31 - lane];
}

__global__ void count(int* counts) {
    const int odd = threadIdx.x % 2;
    const int all = __syncthreads_count(odd);
    const int any = __syncthreads_or(odd == 2);
    const int each = __syncthreads_and(odd < 2);
    if (threadIdx.x == 0) {
        counts[0] = all;
        counts[1] = any;
        counts[2] = each;
    }
}

__global__ void two_barriers(int* out) {
    if (threadIdx.x < 32) {
        __syncthreads();
    } else {
        __syncthreads();
    }
    out[threadIdx.x] = 1;
}

__global__ void return_early(int* out, unsigned first) {
    if (threadIdx.x >= first) return;
    __syncthreads();
    out[threadIdx.x] = 1;
}

__global__ void wait_in_halves(int* out) {
    if (threadIdx.x == 0) __syncthreads();
    out[threadIdx.x] = __any_sync(whole_warp, 1);
}

__global__ void shuffle_from(int* out, unsigned mask, int source, int returning) {
    const int lane = threadIdx.x;
    if (lane == returning) return;
    if (lane < 16) out[lane] = __shfl_sync(mask, lane, source);
}

__global__ void shuffle_all_but(int* out, int returning) {
    const int lane = threadIdx.x;
    if (lane == returning) return;
    out[lane] = __shfl_down_sync(whole_warp, lane, 1);
}

__global__ void diverge(int* out) {
    const int lane = threadIdx.x;
    if (lane % 2 == 0) {
        out[lane] = __shfl_sync(whole_warp, lane, 0);
    } else {
        out[lane] = __shfl_sync(whole_warp, lane, 1);
    }
}

__global__ void copy_shared(float* out) {
    SIMT_SHARED(float, unset, [32]);
    out[threadIdx.x] = unset[threadIdx.x];
}

__global__ void big_shared(float* out) {
    SIMT_SHARED(float, half_of_it, [6144]);
    SIMT_SHARED(float, more, [6145]);
    half_of_it[threadIdx.x] = more[threadIdx.x] = 1;
    out[threadIdx.x] = half_of_it[threadIdx.x];
}

__global__ void nothing() {}

template <int n>
__global__ void overrun(int beyond, int* out) {
    SIMT_SHARED(int, array, [n]);
    SIMT_SHARED(int, other, [n]);
    other[0] = 1;
    array[n - 1 + beyond] = 2;
    out[0] = other[0];
}

__global__ void dynamic_overrun(int n, int beyond, int* out) {
    SIMT_DYN_SHARED(int, array);
    array[n - 1 + beyond] = 2;
    out[0] = array[n - 1];
}

__global__ void write(int* out, int n) {
    const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
    if (i < n) out[i] = i;
}

__global__ void count_values(const int* values, int n, int* counts) {
    const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
    if (i < n) atomicAdd(&counts[values[i]], 1);
}

__global__ void use_atomics(unsigned long long* results) {
    const unsigned t = threadIdx.x;
    atomicAdd(&results[0], t);
    atomicMax(&results[1], t);
    atomicMin(&results[2], t);
    atomicOr(&results[3], 1ull << t);
    atomicAnd(&results[4], ~(1ull << t));
    if (t == 5) atomicExch(&results[5], t);
    atomicCAS(&results[6], t, t + 1);
}

__global__ void mix(int* counter) {
    if (threadIdx.x == 7) {
        *counter = 5;
    } else {
        atomicAdd(counter, 1);
    }
}

__global__ void write_one_place(int* out) { *out = static_cast<int>(blockIdx.x); }

__global__ void write_bytes(std::uint8_t* out) { out[threadIdx.x] = static_cast<std::uint8_t>(threadIdx.x); }

__global__ void arrive(int* order, int* arrived) { order[threadIdx.x + blockIdx.x] = atomicAdd(arrived, 1); }

__global__ void convert_halves(const std::uint16_t* in, float* out, std::uint16_t* back, int n) {
    const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
    if (i >= n) return;
    out[i] = simt::load_half(in + i);
    simt::store_half(out[i], back + i);
}

}  // namespace

void block_sums(const float* in, float* out, int blocks, int threads) {
    simt::launch(sum_block<true>, blocks, threads, 0, nullptr, in, out);
}
void block_sums_without_barrier(const float* in, float* out, int blocks, int threads) {
    simt::launch(sum_block<false>, blocks, threads, 0, nullptr, in, out);
}

void warp_results(int* operations) { simt::launch(use_warp_operations, 1, 64, 0, nullptr, operations); }
void half_warps(int* out) { simt::launch(shuffle_halves, 1, 32, 0, nullptr, out); }
void reverse_by_syncwarp(int* values) { simt::launch(reverse<true>, 1, 32, 0, nullptr, values); }
void reverse_without_syncwarp(int* values) { simt::launch(reverse<false>, 1, 32, 0, nullptr, values); }

void count_true(int* counts) { simt::launch(count, 1, 96, 0, nullptr, counts); }

void barrier_in_branches(int* out) { simt::launch(two_barriers, 1, 64, 0, nullptr, out); }
void barrier_after_return(int* out) { simt::launch(return_early, 1, 64, 0, nullptr, out, 60u); }
void deadlock(int* out) { simt::launch(wait_in_halves, 1, 32, 0, nullptr, out); }
void shuffle_from_outside_the_mask(int* out) { simt::launch(shuffle_from, 1, 32, 0, nullptr, out, 0xffffu, 20, -1); }
void shuffle_from_an_exited_lane(int* out) { simt::launch(shuffle_all_but, 1, 32, 0, nullptr, out, 31); }
void shuffle_outside_own_mask(int* out) { simt::launch(shuffle_from, 1, 32, 0, nullptr, out, 0xff00u, 8, -1); }
void shuffle_in_branches(int* out) { simt::launch(diverge, 1, 32, 0, nullptr, out); }

void copy_unset_shared(float* out) { simt::launch(copy_shared, 1, 32, 0, nullptr, out); }
void use_too_much_shared(float* out) { simt::launch(big_shared, 1, 32, 0, nullptr, out); }
void launch_with_shared(std::size_t bytes) { simt::launch(nothing, 1, 32, bytes, nullptr); }
void static_shared_overrun(int beyond, int* out) { simt::launch(overrun<33>, 1, 1, 0, nullptr, beyond, out); }
void dynamic_shared_overrun(int beyond, int* out) {
    simt::launch(dynamic_overrun, 1, 1, 33 * sizeof(int), nullptr, 33, beyond, out);
}
void write_global(int* out, int n) { simt::launch(write, (n + 31) / 32, 32, 0, nullptr, out, n); }

void histogram(const int* values, int n, int* counts) {
    simt::launch(count_values, (n + 63) / 64, 64, 0, nullptr, values, n, counts);
}
void every_atomic(unsigned long long* results) { simt::launch(use_atomics, 1, 64, 0, nullptr, results); }
void atomics_and_a_write(int* counter) { simt::launch(mix, 1, 32, 0, nullptr, counter); }
void blocks_write_one_place(int* out) { simt::launch(write_one_place, 3, 1, 0, nullptr, out); }
void bytes_side_by_side(std::uint8_t* out) { simt::launch(write_bytes, 1, 64, 0, nullptr, out); }

void arrivals(int* order, int threads) {
    int arrived = 0;
    simt::launch(arrive, 1, threads, 0, nullptr, order, &arrived);
}
void block_arrivals(int* order, int blocks) {
    int arrived = 0;
    simt::launch(arrive, blocks, 1, 0, nullptr, order, &arrived);
}

void launch_shape(unsigned grid_x, unsigned grid_y, unsigned block_x, unsigned block_z) {
    simt::launch(nothing, dim3(grid_x, grid_y), dim3(block_x, 1, block_z), 0, nullptr);
}
void halves(const std::uint16_t* in, float* out, std::uint16_t* back, int n) {
    simt::launch(convert_halves, (n + 255) / 256, 256, 0, nullptr, in, out, back, n);
}

}  // namespace simt_test
