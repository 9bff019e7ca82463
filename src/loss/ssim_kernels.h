#pragma once

#include <cstdint>

#include "loss/comparison.h"

namespace gsfit {

constexpr std::int64_t ssim_tile_rows = 64;
constexpr std::int64_t ssim_tile_columns = 64;

/// A rectangle of a lattice, at most ssim_tile_rows x ssim_tile_columns samples.
struct SsimTile {
    std::int64_t row = 0;
    std::int64_t column = 0;
    std::int64_t rows = 0;
    std::int64_t columns = 0;
};

/// Sum of SSIM over the tile's samples and all channels. Reads 5 samples around the tile where the lattice has them.
double ssim_tile_sum(const Comparison& comparison, const SsimTile& tile);

/// scale * d(sum of SSIM over all of the lattice) / d(image) at the tile's samples, into gradient [C,h,w] of the whole
/// lattice. Reads 10 samples around the tile.
void ssim_tile_gradient(const Comparison& comparison, const SsimTile& tile, float scale, float* gradient);

}  // namespace gsfit
