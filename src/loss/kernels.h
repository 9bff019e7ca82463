#pragma once

#include <cstdint>

#include "loss/comparison.h"

namespace gsfit {

constexpr std::int64_t ssim_halo = 5;

constexpr std::int64_t tile_rows = 64;
constexpr std::int64_t tile_columns = 172;  // with 10 on either side, 12 vectors of AVX-512

/// A rectangle of a lattice, at most tile_rows x tile_columns samples.
struct Tile {
    std::int64_t row = 0;
    std::int64_t column = 0;
    std::int64_t rows = 0;
    std::int64_t columns = 0;
};

/// Sums over samples and channels.
struct ErrorSums {
    double absolute = 0;       ///< sum of |image - target|
    double squared = 0;        ///< sum of (image - target)^2
    double dissimilarity = 0;  ///< sum of 1 - SSIM
};

/// Factors of the sums whose gradient is taken: (sum of |x - y|, sum of (x - y)^2, sum of 1 - SSIM).
struct Factors {
    float absolute = 0;
    float squared = 0;
    float dissimilarity = 0;
};

/// The tile's part of the sums over the samples of `band`, of which it may have some or none; of the dissimilarity only
/// where that has a factor. Where `gradient` is not null, its samples of the tile become the gradient of the factored
/// sums with respect to the image. Reads 10 samples around the tile when dissimilarity counts. |0| has slope 0.
ErrorSums tile_loss(const Comparison& comparison, const Rows& band, const Tile& tile, const Factors& factors,
                    const Planar<std::byte>* gradient);

}  // namespace gsfit
