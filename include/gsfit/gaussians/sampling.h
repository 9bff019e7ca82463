#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <span>
#include <vector>

#include "gsfit/core/views.h"

namespace gsfit {

/// Draws `count` indices without replacement, in one pass over their weights: each time with probability proportional
/// to the weight among those that are left (the exponential race: Efraimidis and Spirakis, Weighted random sampling
/// with a reservoir, 2006). Index i has the key E_i / w_i, where E_i is exponential and a hash of (seed, i); the
/// smallest keys win. So seed and weights decide the result, whatever the order in which indices come and the threads
/// that bring them.
///
/// Weights that are not finite, negative or below the smallest normal float (1.2e-38) count as that: such indices are
/// drawn last, uniformly.
class WeightedSampler {
public:
    /// Throws Error when count is negative.
    WeightedSampler(std::int64_t count, std::uint64_t seed);

    /// Offers the indices [first, first + weights.size()), each of them once in the sampler's life. From any thread.
    void add(std::int64_t first, std::span<const float> weights);

    /// The drawn indices, ascending; the sampler is empty afterwards. Throws Error when fewer than `count` were
    /// offered.
    std::vector<std::int64_t> take();

    /// What a sampler and the result of take() hold at most.
    static std::int64_t bytes(std::int64_t count);

private:
    struct Candidate {
        double key;
        std::int64_t index;
    };

    static std::size_t capacity(std::int64_t count);
    std::size_t find(std::int64_t first, std::span<const float> weights, std::span<Candidate> found) const;
    void merge(std::span<const Candidate> found);
    void keep_smallest();

    std::int64_t count_;
    std::uint64_t seed_;
    std::mutex mutex_;  // of candidates_, which holds the `count` smallest keys so far, and some others
    std::vector<Candidate> candidates_;
    std::atomic<double> threshold_;  // nothing above it can win
};

/// Three neighbouring rows of a map, each readable from -1 to its width: beyond the border is the nearest value inside.
struct RowTriple {
    const float* above;
    const float* middle;
    const float* below;
};

/// Weights of a map's places that follow from the 3 x 3 around them, without the map ever being there as a whole.
struct NeighbourhoodWeights {
    std::int64_t width = 0;
    std::int64_t height = 0;
    std::function<void(std::int64_t y, float* row)> map_row;               ///< makes row y of the map, in any order
    std::function<void(const RowTriple& rows, float* weights)> weigh_row;  ///< makes the weights of the middle row
};

/// Offers the sampler the places y * width + x of these rows. Threads share the rows; the functions are called on all
/// of them at once, for rows up to one beyond `rows`.
void add_rows(WeightedSampler& sampler, const NeighbourhoodWeights& weights, const Rows& rows);

/// What add_rows() holds at most.
std::int64_t add_rows_bytes(std::int64_t width);

}  // namespace gsfit
