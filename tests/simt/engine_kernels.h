// Small kernels, right ones and wrong ones, that the engine is tested with.
#pragma once

#include <cstddef>
#include <cstdint>

namespace simt_test {

// Right ones.

/// sums[b] = the sum of in over block b, of `threads` values.
void sum_blocks(const float* in, float* sums, int blocks, int threads);
/// values[0..31] reversed through shared memory, with __syncwarp alone.
void reverse_warp(int* values);
/// What every warp operation gives each of 64 threads: results[thread * warp_operations + operation].
constexpr int warp_operations = 9;
void use_warp_operations(int* results);
/// Halves of a warp shuffle within their own masks: their last lane, and their first.
void shuffle_in_halves(int* out);
/// Of 96 threads: how many are odd, whether any is 96, whether all are below 96.
void vote_in_block(int* votes);
void count_values(const int* values, int n, int* counts);
/// What 64 threads make of results[0..6] by add, max, min, or, and, exchange, compare and swap.
void use_atomics(unsigned long long* results);
void write_bytes(std::uint8_t* out, int n);
void write_numbers(int* out, int n);
void copy_unset_shared(float* out);
/// order[i] = how many came before thread i, or block i.
void order_of_threads(int* order, int threads);
void order_of_blocks(int* order, int blocks);
void launch_nothing(unsigned grid_x, unsigned grid_y, unsigned block_x, unsigned block_z, std::size_t shared_bytes);

// Wrong ones: barriers and warps.

void barrier_in_two_branches(int* out);
void barrier_without_those_that_returned(int* out);
void wait_for_each_other(int* out);
void shuffle_from_outside_the_mask(int* out);
void shuffle_without_being_in_the_mask(int* out);
void shuffle_from_a_lane_that_returned(int* out);
void shuffle_in_two_branches(int* out);

// Wrong ones: races.

void sum_blocks_without_barrier(const float* in, float* sums, int blocks, int threads);
void reverse_warp_without_sync(int* values);
/// Shuffles wait for the other lanes, but order no memory.
void reverse_warp_after_shuffle(int* values);
/// __syncwarp orders no more than a warp; 64 values.
void reverse_block_by_syncwarp(int* values);
/// A warp and one thread of another read; the writer has waited for its own warp alone.
void overwrite_what_others_read(int* out);
void write_one_place_from_blocks(int* out);
void read_what_another_block_writes(int* values);
void add_and_write(int* counter);
void add_and_read(int* counter);

// Wrong ones: memory.

void take_too_much_shared(float* out);
/// Element 32 + beyond of an array of 33; in `inner` ones it is the first row of two.
void write_static_shared(int beyond, int* out);
void write_inner_shared(int beyond, int* out);
void write_dynamic_shared(int beyond, int* out);
void convert_to_int(const float* in, int* out);

}  // namespace simt_test
