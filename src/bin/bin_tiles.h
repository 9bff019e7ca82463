#pragma once

#include <memory>

#include "gsfit/gpu.h"
#include "gsfit/tile_bins.h"
#include "gsfit/types.h"

namespace gsfit {

/// bin() on a GPU. Waits for the number of pairs, so that no more is allocated than they need.
std::shared_ptr<const TileBins> bin_tiles(const Gpu& gpu, const Splats& splats, std::int64_t width, const Rows& rows,
                                          const Blending& blending);

/// count_pairs() on a GPU.
std::int64_t count_tile_pairs(const Gpu& gpu, const Splats& splats, std::int64_t width, const Rows& rows,
                              const Blending& blending);

}  // namespace gsfit
