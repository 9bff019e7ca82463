#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace gsfit {

/// Samples along each side of a block. Seeds of the column recurrence lie at multiples of 32 rows, hence a multiple
/// of 32.
inline constexpr int block_size = 64;

/// What the block kernels need of a splat, in one cache line. Lengths in samples.
struct alignas(64) SplatLine {
    float x, y;              ///< centre
    float a, b, c;           ///< conic
    float det;               ///< of the conic
    float extent_x;          ///< half width of the ellipse's rectangle
    float extent_y;          ///< half height
    float top_x;             ///< x, from the centre, of the ellipse's lowest row; the topmost is at -top_x
    float inv_c;             ///< 1 / c
    float decay;             ///< exp(-c): ratio of successive ratios of the weight down a column
    float reach;             ///< cutoff^2 c
    std::int32_t seed_rows;  ///< rows between seeds of the column recurrence: 32, 16, 8; 1: an exponential each row
};
static_assert(sizeof(SplatLine) == 64);

/// The blocks [x0, x1) x [y0, y1) that a splat touches; empty for a degenerate one.
struct BlockRange {
    std::int32_t x0 = 0, x1 = 0, y0 = 0, y1 = 0;

    [[nodiscard]] std::int64_t count() const {
        return static_cast<std::int64_t>(x1 - x0) * static_cast<std::int64_t>(y1 - y0);
    }
};

/// A splat in a block's list. Its partial gradient goes to `slot`; a splat's slots are consecutive.
struct BinEntry {
    std::int32_t splat;
    std::uint32_t slot;
};

struct Bins {
    std::int64_t width = 0;   ///< of the lattice [samples]
    std::int64_t height = 0;  ///< of the lattice [samples]
    std::int64_t blocks_x = 0;
    std::int64_t blocks_y = 0;
    float cutoff = 0;
    std::vector<SplatLine> lines;       ///< by splat
    std::vector<std::uint32_t> slots;   ///< [N+1] first slot of each splat
    std::vector<std::uint32_t> blocks;  ///< [blocks+1] first entry of each block
    std::vector<BinEntry> entries;      ///< by block, splats in order

    [[nodiscard]] std::int64_t block_count() const { return blocks_x * blocks_y; }
};

}  // namespace gsfit
