// Small kernels, right ones and wrong ones, that the engine is tested with.
#pragma once

#include <cstddef>
#include <cstdint>

namespace simt_test {

/// out[i] = the sum of in over block i of `threads` values.
void block_sums(const float* in, float* out, int blocks, int threads);
/// The same without the barrier between the two steps.
void block_sums_without_barrier(const float* in, float* out, int blocks, int threads);

/// The results of every warp operation, for 64 threads: operations[thread * 9 + i].
constexpr int warp_operations = 9;
void warp_results(int* operations);
/// out[i] = 15 for the first half of a warp, 16 for the second; each shuffles within its own mask.
void half_warps(int* out);
/// Halves of a warp reverse their 32 values through shared memory.
void reverse_by_syncwarp(int* values);
void reverse_without_syncwarp(int* values);

void count_true(int* counts);

void barrier_in_branches(int* out);
void barrier_after_return(int* out);
void deadlock(int* out);
void shuffle_from_outside_the_mask(int* out);
void shuffle_from_an_exited_lane(int* out);
void shuffle_outside_own_mask(int* out);
void shuffle_in_branches(int* out);

void copy_unset_shared(float* out);
void use_too_much_shared(float* out);
void launch_with_shared(std::size_t bytes);
/// Writes shared memory of n ints, `beyond` elements past its end.
void static_shared_overrun(int beyond, int* out);
void dynamic_shared_overrun(int beyond, int* out);
void write_global(int* out, int n);

void histogram(const int* values, int n, int* counts);
/// Atomics of every kind, in 64 threads: results[0 .. 6].
void every_atomic(unsigned long long* results);
void atomics_and_a_write(int* counter);
void blocks_write_one_place(int* out);
void bytes_side_by_side(std::uint8_t* out);
/// order[t] = how many threads came before thread t.
void arrivals(int* order, int threads);
void block_arrivals(int* order, int blocks);

void launch_shape(unsigned grid_x, unsigned grid_y, unsigned block_x, unsigned block_z);
void halves(const std::uint16_t* in, float* out, std::uint16_t* back, int n);

}  // namespace simt_test
