#pragma once

// The places with the smallest keys, out of those that were kept and those that come.

#include <cfloat>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "cuda/densify/sampling.h"
#include "cuda/simt.h"
#include "gsfit/core/places.h"

namespace gsfit::gpu {

constexpr int digit_bits = 8;
constexpr int digits = 1 << digit_bits;  // and the threads of a block
constexpr int warps = digits / 32;
constexpr std::uint64_t lost = ~std::uint64_t{0};  // above the bits of every key

/// Places in the order of their indices: those that were kept, then those that come.
struct Places {
    const std::uint64_t* keys;  // [kept]
    const std::int64_t* indices;
    std::int64_t kept;
    std::uint64_t seed;
    std::int64_t first;    // index of the first that comes
    const float* weights;  // [coming]
    std::int64_t coming;
};

__device__ inline double usable(float weight) { return weight > FLT_MIN && weight <= FLT_MAX ? weight : FLT_MIN; }

/// The bits of a key E / w, which are in the order of the keys since none is negative; `lost` when it is above the
/// bound. With v uniform in [0,1), E = -ln(1 - v) is at least v: nearly all lose by comparing v / w.
__device__ inline std::uint64_t race_key(std::uint64_t seed, std::int64_t index, float weight, double bound) {
    const auto v = static_cast<double>(hash(seed, static_cast<std::uint64_t>(index)));
    if (v > bound * usable(weight)) return lost;
    const double key = -log1p(-0x1.0p-53 * v) / usable(weight);
    std::uint64_t bits;
    std::memcpy(&bits, &key, sizeof bits);
    return bits;
}

__device__ inline std::uint64_t key_of(const Places& places, std::int64_t i, double bound) {
    if (i < places.kept) return places.keys[i];
    if (i >= places.kept + places.coming) return lost;
    const std::int64_t number = i - places.kept;
    return race_key(places.seed, places.first + number, places.weights[number], bound);
}

/// Before the digits are counted: the key of this rank is sought. With `full`, the one that was sought last is the
/// greatest of as many as can be drawn, and bounds those that can still win.
__global__ void begin_selection(Selection* selection, std::uint64_t rank, bool full) {
    selection->counts[threadIdx.x] = 0;
    if (threadIdx.x != 0) return;
    constexpr double rounding = 1.0 + 1e-9;  // of bound and products: no winner may be lost to it
    double greatest = INFINITY;
    if (full) std::memcpy(&greatest, &selection->key, sizeof greatest);
    selection->bound = greatest * rounding * 0x1.0p53;
    selection->key = 0;
    selection->rank = rank;
}

/// Counts the keys that agree with the one sought above `shift` + 8 bits, by the 8 bits above `shift`.
__global__ void __launch_bounds__(digits) count_digits(Places places, int shift, Selection* selection) {
    SIMT_SHARED(std::uint32_t, counts, [digits]);
    counts[threadIdx.x] = 0;
    __syncthreads();
    const double bound = selection->bound;
    const std::uint64_t fixed = shift + digit_bits < 64 ? lost << (shift + digit_bits) : 0;
    const std::int64_t all = places.kept + places.coming;
    const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * digits;
    for (std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * digits + threadIdx.x; i < all; i += step) {
        const std::uint64_t key = key_of(places, i, bound);
        if (key == lost || (key & fixed) != selection->key) continue;
        atomicAdd(&counts[(key >> shift) % digits], 1U);
    }
    __syncthreads();
    if (counts[threadIdx.x] > 0) atomicAdd(&selection->counts[threadIdx.x], counts[threadIdx.x]);
}

/// Finds the next digit of the key that is sought. One block.
__global__ void __launch_bounds__(digits) take_digit(int shift, Selection* selection) {
    SIMT_SHARED(std::uint64_t, sums, [2][digits]);
    const unsigned digit = threadIdx.x;
    const std::uint32_t count = selection->counts[digit];
    const std::uint64_t rank = selection->rank;
    sums[0][digit] = count;
    int turn = 0;
    for (unsigned step = 1; step < digits; step *= 2, turn = 1 - turn) {
        __syncthreads();
        sums[1 - turn][digit] = sums[turn][digit] + (digit >= step ? sums[turn][digit - step] : 0);
    }
    const std::uint64_t end = sums[turn][digit];
    selection->counts[digit] = 0;
    if (rank < end - count || rank >= end) return;
    selection->key |= static_cast<std::uint64_t>(digit) << shift;
    selection->rank = rank - (end - count);
}

/// Of each block's places, how many are below the key that was found [gridDim.x], then how many equal it [gridDim.x].
__global__ void __launch_bounds__(digits)
    count_selected(Places places, const Selection* selection, std::uint32_t* counts) {
    const std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * digits + threadIdx.x;
    const std::uint64_t key = key_of(places, i, selection->bound);
    const int below = __syncthreads_count(key < selection->key);
    const int equal = __syncthreads_count(key == selection->key);
    if (threadIdx.x != 0) return;
    counts[blockIdx.x] = static_cast<std::uint32_t>(below);
    counts[gridDim.x + blockIdx.x] = static_cast<std::uint32_t>(equal);
}

/// How many threads before this one in the block have a true predicate.
__device__ inline unsigned count_before(bool predicate) {
    SIMT_SHARED(unsigned, warp_counts, [warps]);
    const unsigned lane = threadIdx.x % 32;
    const unsigned warp = threadIdx.x / 32;
    const unsigned votes = __ballot_sync(~0U, predicate);
    __syncthreads();  // the counts of a call before this one have been read
    if (lane == 0) warp_counts[warp] = static_cast<unsigned>(__popc(votes));
    __syncthreads();
    unsigned count = static_cast<unsigned>(__popc(votes & ((1U << lane) - 1U)));
    for (unsigned w = 0; w < warp; ++w) count += warp_counts[w];
    return count;
}

/// Moves the selected places together: all below the key that was found, and of its equals those that come first.
/// `before` is the exclusive sum of what count_selected() counted.
__global__ void __launch_bounds__(digits)
    keep_selected(Places places, const Selection* selection, const std::uint64_t* before, std::uint64_t* keys,
                  std::int64_t* indices, std::uint64_t drawn) {
    const std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * digits + threadIdx.x;
    const std::uint64_t key = key_of(places, i, selection->bound);
    const bool below = key < selection->key;
    const bool equal = key == selection->key;
    const std::uint64_t smaller = before[blockIdx.x] + count_before(below);
    const std::uint64_t equals = before[gridDim.x + blockIdx.x] - before[gridDim.x] + count_before(equal);
    const std::uint64_t wanted = selection->rank + 1;
    if (!below && !(equal && equals < wanted)) return;
    const std::uint64_t to = smaller + (equals < wanted ? equals : wanted);
    if (to >= drawn) return;  // never, as long as keys are made alike in every kernel
    keys[to] = key;
    indices[to] = i < places.kept ? places.indices[i] : places.first + (i - places.kept);
}

}  // namespace gsfit::gpu
