#include "bin/block_lists.h"

#include <algorithm>
#include <limits>

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

/// Calls visit(splat, block) for every pair of the splats [first, last), from the last to the first.
template <class Visit>
void for_each_pair_backward(const std::vector<BlockRange>& ranges, std::int64_t first, std::int64_t last,
                            std::int64_t blocks_x, const Visit& visit) {
    for (std::int64_t splat = last; splat-- > first;) {
        const BlockRange& range = ranges[static_cast<std::size_t>(splat)];
        for (std::int64_t y = range.y1; y-- > range.y0;) {
            for (std::int64_t x = range.x1; x-- > range.x0;) visit(splat, static_cast<std::size_t>(y * blocks_x + x));
        }
    }
}

/// Counting sort of the pairs by block, in parts of the splats. A part's share of a list is filled from its end, which
/// `ends` holds at first.
class PairSort {
public:
    PairSort(const std::vector<BlockRange>& ranges, Bins& bins)
        : ranges_(ranges),
          bins_(bins),
          blocks_(static_cast<std::size_t>(bins.block_count())),
          parts_(sorting_parts(bins.splats)),
          ends_(static_cast<std::size_t>(parts_) * blocks_) {}

    void sort() {
        parallel_for(parts_, [&](std::int64_t part) { count(part); });
        place();
        parallel_for(parts_, [&](std::int64_t part) { fill(part); });
    }

private:
    [[nodiscard]] std::int64_t first_of(std::int64_t part) const { return bins_.splats * part / parts_; }
    [[nodiscard]] std::uint32_t* ends_of(std::int64_t part) {
        return ends_.data() + static_cast<std::size_t>(part) * blocks_;
    }

    void count(std::int64_t part) {
        std::uint32_t* counts = ends_of(part);
        for_each_pair_backward(ranges_, first_of(part), first_of(part + 1), bins_.blocks_x,
                               [&](std::int64_t, std::size_t block) { ++counts[block]; });
    }

    void place() {
        bins_.blocks.resize(blocks_ + 1);
        std::uint32_t total = 0;
        for (std::size_t block = 0; block < blocks_; ++block) {
            bins_.blocks[block] = total;
            for (std::int64_t part = 0; part < parts_; ++part) {
                std::uint32_t& end = ends_of(part)[block];
                total += end;
                end = total;
            }
        }
        bins_.blocks[blocks_] = total;
        bins_.entries.resize(total);
    }

    void fill(std::int64_t part) {
        std::uint32_t* ends = ends_of(part);
        std::uint32_t slot = bins_.slots[static_cast<std::size_t>(first_of(part + 1))];
        for_each_pair_backward(ranges_, first_of(part), first_of(part + 1), bins_.blocks_x,
                               [&](std::int64_t splat, std::size_t block) {
                                   bins_.entries[--ends[block]] = {static_cast<std::int32_t>(splat), --slot};
                               });
    }

    const std::vector<BlockRange>& ranges_;
    Bins& bins_;
    std::size_t blocks_;
    std::int64_t parts_;
    std::vector<std::uint32_t> ends_;
};

}  // namespace

std::int64_t sorting_parts(std::int64_t splats) { return std::clamp<std::int64_t>(splats / grain, 1, threads()); }

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
    PairSort(ranges, bins).sort();
    return bins;
}

}  // namespace gsfit
