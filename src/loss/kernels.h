#pragma once

#include <cstdint>

#include "loss/comparison.h"

namespace gsfit {

constexpr std::int64_t ssim_halo = 5;

constexpr std::int64_t tile_rows = 64;
constexpr std::int64_t tile_columns = 128;

/// A rectangle of a lattice, at most tile_rows x tile_columns samples.
struct Tile {
    std::int64_t row = 0;
    std::int64_t column = 0;
    std::int64_t rows = 0;
    std::int64_t columns = 0;
};

/// Sums over samples and channels.
struct ErrorSums {
    double absolute = 0;  ///< sum of |image - target|
    double squared = 0;   ///< sum of (image - target)^2
};

ErrorSums tile_errors(const Comparison& comparison, const Tile& tile);

/// Sum of 1 - SSIM over the tile's samples and all channels. Reads 5 samples around the tile where the lattice has
/// them.
double tile_dissimilarity(const Comparison& comparison, const Tile& tile);

/// Factors of the sums whose gradient is taken: (sum of |x - y|, sum of (x - y)^2, sum of 1 - SSIM).
struct Factors {
    float absolute = 0;
    float squared = 0;
    float dissimilarity = 0;
};

/// Gradient of the factored sums over the samples of `band` with respect to the image, at the tile's samples, of which
/// some may lie beside the band. Reads 10 samples around the tile when dissimilarity counts. |0| has slope 0.
void tile_gradient(const Comparison& comparison, const Rows& band, const Tile& tile, const Factors& factors,
                   const Planar<std::byte>& gradient);

}  // namespace gsfit
