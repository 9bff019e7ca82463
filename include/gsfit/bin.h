#pragma once

#include <cstdint>
#include <limits>
#include <memory>

#include "gsfit/types.h"

namespace gsfit {

struct Bins;  // gsfit/bins.h

/// Sorts splats of a lattice `width` samples wide into those of its 64x64 blocks that meet the band and that their
/// ellipses' rectangles, or their tiles for support `tile16`, touch within it. Degenerate splats (non-finite, det not
/// positive) and those outside the band are in no block. Of the blending only cutoff and support are read.
std::shared_ptr<const Bins> bin(const Splats& splats, std::int64_t width, const Rows& rows, const Blending& blending);

/// The same for a whole lattice.
inline std::shared_ptr<const Bins> bin(const Splats& splats, std::int64_t width, std::int64_t height,
                                       const Blending& blending) {
    return bin(splats, width, Rows{0, height}, blending);
}

/// The (splat, block) pairs that bin() would list, counted without any memory that grows with them or the splats.
std::int64_t count_pairs(const Splats& splats, std::int64_t width, const Rows& rows, const Blending& blending);

/// Bytes of the Bins of so many splats, blocks and (splat, block) pairs.
std::int64_t bins_bytes(std::int64_t splats, std::int64_t blocks, std::int64_t pairs);

/// Bytes that bin() needs beside its result until it returns; they grow with the number of threads.
std::int64_t binning_bytes(std::int64_t splats, std::int64_t blocks);

/// The most (splat, tile) pairs of a band on a GPU: 32 bits count them, and kernels read 256 at a time.
inline constexpr std::int64_t most_tile_pairs = std::numeric_limits<std::uint32_t>::max() - 256;
/// Throws Error when there are more.
void check_tile_pairs(std::int64_t pairs);

/// On a GPU: bytes of the TileBins of so many splats, 16 x 16 tiles and (splat, tile) pairs.
std::int64_t tile_bins_bytes(std::int64_t splats, std::int64_t tiles, std::int64_t pairs);

/// And what bin() needs there beside its result until it returns; the sort's part is estimated.
std::int64_t tile_binning_bytes(std::int64_t splats, std::int64_t pairs);

/// All of it together, where it is kept from band to band and step to step.
std::int64_t tile_lists_bytes(std::int64_t splats, std::int64_t tiles, std::int64_t pairs);

}  // namespace gsfit
