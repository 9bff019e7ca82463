#include "gsfit/bin.h"

#include <atomic>
#include <limits>
#include <numeric>
#include <string>

#include "bin/bin_kernels.h"
#include "bin/bin_tiles.h"
#include "gsfit/bins.h"
#include "gsfit/core/error.h"
#include "gsfit/core/parallel.h"
#include "gsfit/gpu.h"

namespace gsfit {

namespace {

constexpr std::int64_t grain = 2048;

void check(const at::Tensor& tensor, const char* name, at::IntArrayRef shape, const at::Device& device) {
    if (!tensor.defined() || tensor.sizes() != shape || tensor.scalar_type() != at::kFloat || !tensor.is_contiguous() ||
        tensor.device() != device) {
        throw Error(std::string("the splats' ") + name +
                    " must be a contiguous float32 tensor with a row for each of " + std::to_string(shape[0]) +
                    " splats, all on one device");
    }
}

void check(const Splats& splats, std::int64_t width, const Rows& rows, const Blending& blending) {
    const std::int64_t n = splats.center.defined() ? splats.center.size(0) : 0;
    const at::Device device = splats.center.defined() ? splats.center.device() : at::kCPU;
    check(splats.center, "center", {n, 2}, device);
    check(splats.conic, "conic", {n, 3}, device);
    check(splats.det, "det", {n}, device);
    check(splats.feature, "feature", {n, splats.feature.defined() ? splats.feature.size(-1) : 0}, device);
    constexpr std::int64_t most = std::int64_t{1} << 24;  // float holds every sample's coordinate
    if (width < 1 || rows.first < 0 || rows.count < 1 || width > most || rows.count > most ||
        rows.first > most - rows.count) {
        throw Error(std::to_string(rows.count) + " rows from row " + std::to_string(rows.first) + " of a lattice " +
                    std::to_string(width) + " samples wide cannot be rendered: a lattice has 1 to " +
                    std::to_string(most) + " a side");
    }
    if (!(blending.cutoff >= 1.0F && blending.cutoff <= 6.0F)) throw Error("the cutoff must lie between 1 and 6 sigma");
    if (n > std::numeric_limits<std::int32_t>::max()) throw Error("there are more than 2^31 Gaussians");
}

/// The inputs and results of the splats from `first` on.
PrepareArrays arrays_from(const Splats& splats, std::int64_t first, SplatLine* lines, BlockRange* ranges) {
    const std::int64_t channels = splats.feature.size(1);
    return {.center = splats.center.const_data_ptr<float>() + 2 * first,
            .conic = splats.conic.const_data_ptr<float>() + 3 * first,
            .det = splats.det.const_data_ptr<float>() + first,
            .feature = splats.feature.const_data_ptr<float>() + channels * first,
            .channels = static_cast<int>(channels),
            .lines = lines,
            .ranges = ranges};
}

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

std::shared_ptr<const Bins> bin(const Splats& splats, std::int64_t width, const Rows& rows, const Blending& blending) {
    check(splats, width, rows, blending);
    const std::int64_t n = splats.center.size(0);
    auto bins = std::make_shared<Bins>();
    bins->width = width;
    bins->rows = rows;
    bins->blocks_x = blocks_along(width);
    bins->blocks_y = block_rows(rows);
    bins->cutoff = blending.cutoff;
    bins->support = blending.support;
    bins->splats = n;
    if (const Gpu gpu(splats.center); gpu) {
        bins->tiles = bin_tiles(gpu, splats, width, rows, blending);
        return bins;
    }
    bins->lines.resize(static_cast<std::size_t>(n));
    std::vector<BlockRange> ranges(static_cast<std::size_t>(n));
    parallel_ranges(n, grain, [&](auto begin, auto end) {
        prepare_splats(arrays_from(splats, begin, bins->lines.data() + begin, ranges.data() + begin), end - begin,
                       {.width = width, .rows = rows, .cutoff = blending.cutoff, .support = blending.support});
    });
    count_slots(ranges, bins->slots);
    fill_blocks(ranges, *bins);
    return bins;
}

std::int64_t count_pairs(const Splats& splats, std::int64_t width, const Rows& rows, const Blending& blending) {
    check(splats, width, rows, blending);
    if (const Gpu gpu(splats.center); gpu) return count_tile_pairs(gpu, splats, width, rows, blending);
    constexpr std::int64_t few = 256;  // whose lines the stack can hold
    std::atomic<std::int64_t> pairs = 0;
    parallel_ranges(splats.center.size(0), few, [&](auto begin, auto end) {
        SplatLine lines[few];
        BlockRange ranges[few];
        prepare_splats(arrays_from(splats, begin, lines, ranges), end - begin,
                       {.width = width, .rows = rows, .cutoff = blending.cutoff, .support = blending.support});
        std::int64_t theirs = 0;
        for (std::int64_t i = 0; i < end - begin; ++i) theirs += ranges[i].count();
        pairs += theirs;
    });
    return pairs;
}

std::int64_t bins_bytes(std::int64_t splats, std::int64_t blocks, std::int64_t pairs) {
    constexpr auto line = static_cast<std::int64_t>(sizeof(SplatLine));
    constexpr auto number = static_cast<std::int64_t>(sizeof(std::uint32_t));
    constexpr auto entry = static_cast<std::int64_t>(sizeof(BinEntry));
    return splats * line + (splats + 1 + blocks + 1) * number + pairs * entry;
}

std::int64_t binning_bytes(std::int64_t splats) { return splats * static_cast<std::int64_t>(sizeof(BlockRange)); }

}  // namespace gsfit
