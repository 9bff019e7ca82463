#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "gsfit/blending.h"
#include "gsfit/core/unset_vector.h"
#include "gsfit/core/views.h"

namespace gsfit {

struct TileBins;  // gsfit/tile_bins.h

/// Samples along each side of a block. Seeds of the column recurrence lie at multiples of 32 rows, hence a multiple
/// of 32.
inline constexpr int block_size = 64;

/// Blocks along so many samples.
constexpr std::int64_t blocks_along(std::int64_t samples) { return (samples + block_size - 1) / block_size; }

/// Rows of a lattice's blocks that a band meets.
constexpr std::int64_t block_rows(const Rows& rows) {
    return blocks_along(rows.first + rows.count) - rows.first / block_size;
}

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
    float reach;             ///< cutoff^2 c, of the ellipse
    std::int32_t seed_rows;  ///< rows between seeds of the column recurrence: 8, 12, .. 32; 1: an exponential each row
    float square;            ///< half width of the square of support `tile16`; its ellipse holds the weights above 0
};
static_assert(sizeof(SplatLine) == 64);

/// Samples along one direction, both included.
struct SampleSpan {
    float first, last;
};

/// The samples of the 16 x 16 tiles that a square of half width `extent` touches: support `tile16`, before it is cut to
/// the lattice. An index is a position less 0.5.
inline SampleSpan tile_samples(float center, float extent) {
    constexpr float size = 16;
    const float index = center - 0.5F;
    return {size * std::floor((index - extent) / size), size * std::floor((index + extent) / size) + size - 1};
}

/// The band's blocks [x0, x1) x [y0, y1) that a splat touches; empty for a degenerate one.
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

/// The splats of a band of a lattice by blocks. Blocks and coordinates are the lattice's, so that a sample's value does
/// not depend on the band; of the blocks at the band's edges only the band's rows are drawn.
struct Bins {
    std::int64_t width = 0;  ///< of the lattice [samples]
    Rows rows;               ///< the band
    std::int64_t blocks_x = 0;
    std::int64_t blocks_y = 0;  ///< rows of blocks that meet the band
    float cutoff = 0;
    Support support = Support::ellipse;
    UnsetVector<SplatLine> lines;       ///< by splat
    std::vector<std::uint32_t> slots;   ///< [N+1] first slot of each splat
    std::vector<std::uint32_t> blocks;  ///< [blocks+1] first entry of each block
    UnsetVector<BinEntry> entries;      ///< by block, splats in order
    std::int64_t splats = 0;
    std::shared_ptr<const TileBins> tiles;  ///< on a GPU, in place of the lists

    [[nodiscard]] std::int64_t block_count() const { return blocks_x * blocks_y; }
    [[nodiscard]] std::int64_t pair_count() const { return static_cast<std::int64_t>(entries.size()); }
    /// A sample sees the weights from this on of the splats that are listed for it.
    [[nodiscard]] float smallest_weight() const {
        return Blending{.cutoff = cutoff, .support = support}.smallest_weight();
    }
    /// Memory of the lists.
    [[nodiscard]] std::int64_t bytes() const {
        return static_cast<std::int64_t>(lines.capacity() * sizeof(SplatLine) +
                                         (slots.capacity() + blocks.capacity()) * sizeof(std::uint32_t) +
                                         entries.capacity() * sizeof(BinEntry));
    }
};

}  // namespace gsfit
