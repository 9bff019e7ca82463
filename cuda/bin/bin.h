#pragma once

#include <cstdint>

#include "cuda/bin/tiles.h"
#include "cuda/primitives.h"
#include "cuda/stream.h"
#include "gsfit/blending.h"

namespace gsfit::gpu {

/// N splats of a lattice (gsfit::Splats), on the device.
struct SplatArrays {
    const float* center;   ///< [N,2]
    const float* conic;    ///< [N,3]
    const float* det;      ///< [N]
    const float* feature;  ///< [N,channels]
    int channels;
    std::int64_t size;  ///< N
};

/// Fills lines [N] and offsets [N+1]: where each splat's pairs begin, the number of pairs at the end. counts [N+1] is
/// working memory; scan: scan_bytes(N + 1).
void count_tiles(const SplatArrays& splats, const TileGrid& grid, const Blending& blending, TileSplat* lines,
                 std::uint32_t* counts, std::uint64_t* offsets, const Workspace& scan, Stream stream);

/// Of (tile, splat) pairs, `capacity` of each.
struct PairArrays {
    std::uint32_t* tiles;
    std::uint32_t* splats;
    std::uint32_t* sorted_tiles;
    std::uint32_t* sorted_splats;
    std::int64_t capacity;
    std::uint64_t* most = nullptr;  ///< raised to the number of pairs, where that is larger; may be null
};

/// Fills ranges [tiles,2] and pairs.sorted_splats. Where there are more pairs than `capacity`, the last splats' are
/// left out. sort: sort_bytes(capacity).
void list_tiles(const TileSplat* lines, const std::uint64_t* offsets, std::int64_t size, const TileGrid& grid,
                const PairArrays& pairs, std::uint32_t* ranges, const Workspace& sort, Stream stream);

}  // namespace gsfit::gpu
