#include "bin/block_lists.h"

#include <limits>
#include <numeric>

#include "gsfit/core/error.h"
#include "gsfit/core/parallel.h"

namespace gsfit {

namespace {

constexpr std::int64_t grain = 2048;

/// Slots are counted in 32 bits: 4 G pairs would need 128 GiB of them.
void count_slots(const std::vector<BlockRange>& ranges, std::vector<std::uint32_t>& slots) {
    slots.resize(ranges.size() + 1);
    std::int64_t total = 0;
    for (std::size_t i = 0; i < ranges.size(); ++i) {
        slots[i] = static_cast<std::uint32_t>(total);
        total += ranges[i].count();
        if (total > std::numeric_limits<std::uint32_t>::max()) {
            throw Error(
                "the Gaussians cover too many blocks of the image (over 2^32 pairs): they are too large or too many");
        }
    }
    slots.back() = static_cast<std::uint32_t>(total);
}

/// Calls visit(splat, block) for every pair, from the last to the first.
template <class Visit>
void for_each_pair_backward(const std::vector<BlockRange>& ranges, std::int64_t blocks_x, const Visit& visit) {
    for (std::size_t splat = ranges.size(); splat-- > 0;) {
        const BlockRange& range = ranges[splat];
        for (std::int64_t y = range.y1; y-- > range.y0;) {
            for (std::int64_t x = range.x1; x-- > range.x0;) visit(splat, static_cast<std::size_t>(y * blocks_x + x));
        }
    }
}

/// Counting sort of the pairs by block. Lists are filled from their ends, which `blocks` holds at first; when all are
/// full it has come to their beginnings.
void fill_blocks(const std::vector<BlockRange>& ranges, Bins& bins) {
    auto& blocks = bins.blocks;
    blocks.assign(static_cast<std::size_t>(bins.block_count()) + 1, 0);
    for_each_pair_backward(ranges, bins.blocks_x, [&](std::size_t, std::size_t block) { ++blocks[block]; });
    std::partial_sum(blocks.begin(), blocks.end(), blocks.begin());
    std::uint32_t slot = bins.slots.back();
    bins.entries.resize(slot);
    for_each_pair_backward(ranges, bins.blocks_x, [&](std::size_t splat, std::size_t block) {
        bins.entries[--blocks[block]] = {static_cast<std::int32_t>(splat), --slot};
    });
}

}  // namespace

PrepareArrays from(const PrepareArrays& arrays, std::int64_t first, SplatLine* lines, BlockRange* ranges) {
    return {.center = arrays.center + 2 * first,
            .conic = arrays.conic + 3 * first,
            .det = arrays.det + first,
            .feature = arrays.feature + arrays.channels * first,
            .channels = arrays.channels,
            .lines = lines,
            .ranges = ranges};
}

Bins bins_of(const Band& band, std::int64_t size) {
    Bins bins;
    bins.width = band.width;
    bins.rows = band.rows;
    bins.blocks_x = blocks_along(band.width);
    bins.blocks_y = block_rows(band.rows);
    bins.cutoff = band.cutoff;
    bins.support = band.support;
    bins.splats = size;
    return bins;
}

Bins list_blocks(const PrepareArrays& arrays, std::int64_t size, const Band& band) {
    Bins bins = bins_of(band, size);
    bins.lines.resize(static_cast<std::size_t>(size));
    std::vector<BlockRange> ranges(static_cast<std::size_t>(size));
    parallel_ranges(size, grain, [&](auto begin, auto end) {
        prepare_splats(from(arrays, begin, bins.lines.data() + begin, ranges.data() + begin), end - begin, band);
    });
    count_slots(ranges, bins.slots);
    fill_blocks(ranges, bins);
    return bins;
}

}  // namespace gsfit
