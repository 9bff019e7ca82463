#include "gsfit/bin.h"

#include <limits>
#include <numeric>
#include <string>

#include "bin/bin_kernels.h"
#include "gsfit/bins.h"
#include "gsfit/core/error.h"
#include "gsfit/core/parallel.h"

namespace gsfit {

namespace {

constexpr std::int64_t grain = 2048;

void check(const at::Tensor& tensor, const char* name, at::IntArrayRef shape) {
    if (!tensor.defined() || tensor.sizes() != shape || tensor.scalar_type() != at::kFloat || !tensor.is_contiguous() ||
        !tensor.is_cpu()) {
        throw Error(std::string("the splats' ") + name +
                    " must be a contiguous float32 tensor with a row for each of " + std::to_string(shape[0]) +
                    " splats");
    }
}

void check(const Splats& splats, std::int64_t width, std::int64_t height, float cutoff) {
    const std::int64_t n = splats.center.defined() ? splats.center.size(0) : 0;
    check(splats.center, "center", {n, 2});
    check(splats.conic, "conic", {n, 3});
    check(splats.det, "det", {n});
    check(splats.feature, "feature", {n, splats.feature.defined() ? splats.feature.size(-1) : 0});
    constexpr std::int64_t most = std::int64_t{1} << 24;  // float holds every sample's coordinate
    if (width < 1 || height < 1 || width > most || height > most) {
        throw Error("a lattice of " + std::to_string(width) + " x " + std::to_string(height) +
                    " samples cannot be rendered: 1 to " + std::to_string(most) + " a side can");
    }
    if (!(cutoff >= 1.0F && cutoff <= 6.0F)) throw Error("the cutoff must lie between 1 and 6 sigma");
    if (n > std::numeric_limits<std::int32_t>::max()) throw Error("there are more than 2^31 Gaussians");
}

/// Calls visit(splat, block) for every pair, splats in order.
template <class Visit>
void for_each_pair(const std::vector<BlockRange>& ranges, std::int64_t blocks_x, const Visit& visit) {
    for (std::size_t splat = 0; splat < ranges.size(); ++splat) {
        const BlockRange& range = ranges[splat];
        for (std::int64_t y = range.y0; y < range.y1; ++y) {
            for (std::int64_t x = range.x0; x < range.x1; ++x) {
                visit(splat, static_cast<std::size_t>(y * blocks_x + x));
            }
        }
    }
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

/// Counting sort of the pairs by block.
void fill_blocks(const std::vector<BlockRange>& ranges, Bins& bins) {
    bins.blocks.assign(static_cast<std::size_t>(bins.block_count()) + 1, 0);
    for_each_pair(ranges, bins.blocks_x, [&](std::size_t, std::size_t block) { ++bins.blocks[block + 1]; });
    std::partial_sum(bins.blocks.begin(), bins.blocks.end(), bins.blocks.begin());
    bins.entries.resize(bins.slots.back());
    std::vector<std::uint32_t> next(bins.blocks.begin(), bins.blocks.end() - 1);
    std::uint32_t slot = 0;
    for_each_pair(ranges, bins.blocks_x, [&](std::size_t splat, std::size_t block) {
        bins.entries[next[block]++] = {static_cast<std::int32_t>(splat), slot++};
    });
}

}  // namespace

std::shared_ptr<const Bins> bin(const Splats& splats, std::int64_t width, std::int64_t height, float cutoff) {
    check(splats, width, height, cutoff);
    const std::int64_t n = splats.center.size(0);
    auto bins = std::make_shared<Bins>();
    bins->width = width;
    bins->height = height;
    bins->blocks_x = (width + block_size - 1) / block_size;
    bins->blocks_y = (height + block_size - 1) / block_size;
    bins->cutoff = cutoff;
    bins->lines.resize(static_cast<std::size_t>(n));
    std::vector<BlockRange> ranges(static_cast<std::size_t>(n));
    const PrepareArrays arrays{.center = splats.center.const_data_ptr<float>(),
                               .conic = splats.conic.const_data_ptr<float>(),
                               .det = splats.det.const_data_ptr<float>(),
                               .feature = splats.feature.const_data_ptr<float>(),
                               .channels = static_cast<int>(splats.feature.size(1)),
                               .lines = bins->lines.data(),
                               .ranges = ranges.data()};
    parallel_ranges(n, grain, [&](auto begin, auto end) { prepare_splats(arrays, cutoff, width, height, begin, end); });
    count_slots(ranges, bins->slots);
    fill_blocks(ranges, *bins);
    return bins;
}

}  // namespace gsfit
