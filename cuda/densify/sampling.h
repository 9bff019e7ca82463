#pragma once

#include <cstddef>
#include <cstdint>

#include "cuda/primitives.h"
#include "cuda/stream.h"

namespace gsfit::gpu {

/// What the steps of a selection hand on, in memory of the device.
struct Selection {
    std::uint64_t key;          ///< leading bits of the one that is sought; in the end all of it
    std::uint64_t rank;         ///< its number, from 0, among the keys that begin so; in the end among equals
    double bound;               ///< no hash beyond this many times its weight can win
    std::uint32_t counts[256];  ///< of keys, by the digit that comes next
};

/// As the WeightedSampler of gsfit/gaussians/sampling.h, over memory of the device: the same keys, but for an ulp of
/// log1p, so the same indices.
///
/// Keys are kept for `count` places, never for all that are offered: of those kept and those that come the smallest are
/// selected, digit by digit of the keys, which are made anew whenever they are asked for, and moved together in their
/// order. Nothing depends on the order of threads, and nothing waits for the device.
class WeightedSampler {
public:
    /// Memory for a sampler, aligned to 8 bytes, that lives as long as the sampler and its result.
    static std::size_t bytes(std::int64_t count);
    /// Workspace for `weights` places at once.
    static std::size_t workspace_bytes(std::int64_t count, std::int64_t weights);

    /// Throws std::invalid_argument when the count is negative or the memory less than bytes().
    WeightedSampler(std::int64_t count, std::uint64_t seed, Workspace memory);

    /// Offers the indices [first, first + size) with these weights, after all those that were offered before. Throws
    /// std::invalid_argument when they are not after, `size` and the count together are more than 2^31, or the
    /// workspace is less than workspace_bytes().
    void add(std::int64_t first, const float* weights, std::int64_t size, Workspace workspace, Stream stream);

    /// The drawn indices [count], ascending. Throws std::invalid_argument when fewer than `count` were offered.
    [[nodiscard]] const std::int64_t* drawn() const;

private:
    struct Kept {
        std::uint64_t* keys;
        std::int64_t* indices;
    };

    std::int64_t count_;
    std::uint64_t seed_;
    std::int64_t next_ = 0;  // index that may be offered
    std::int64_t size_ = 0;  // of kept_
    Kept kept_, spare_;
    Selection* selection_;
};

}  // namespace gsfit::gpu
