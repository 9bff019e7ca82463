#include "gsfit/bin.h"

#include <atomic>
#include <limits>
#include <string>

#include "bin/bin_kernels.h"
#include "bin/bin_tiles.h"
#include "bin/block_lists.h"
#include "gsfit/bins.h"
#include "gsfit/core/error.h"
#include "gsfit/core/parallel.h"
#include "gsfit/gpu.h"

namespace gsfit {

namespace {

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

PrepareArrays arrays_of(const Splats& splats) {
    return {.center = splats.center.const_data_ptr<float>(),
            .conic = splats.conic.const_data_ptr<float>(),
            .det = splats.det.const_data_ptr<float>(),
            .feature = splats.feature.const_data_ptr<float>(),
            .channels = static_cast<int>(splats.feature.size(1))};
}

}  // namespace

std::shared_ptr<const Bins> bin(const Splats& splats, std::int64_t width, const Rows& rows, const Blending& blending) {
    check(splats, width, rows, blending);
    const std::int64_t n = splats.center.size(0);
    const Band band{.width = width, .rows = rows, .cutoff = blending.cutoff, .support = blending.support};
    auto bins = std::make_shared<Bins>();
    if (const Gpu gpu(splats.center); gpu) {
        *bins = bins_of(band, n);
        bins->tiles = bin_tiles(gpu, splats, width, rows, blending);
    } else {
        *bins = list_blocks(arrays_of(splats), n, band);
    }
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
        prepare_splats(from(arrays_of(splats), begin, lines, ranges), end - begin,
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

std::int64_t binning_bytes(std::int64_t splats, std::int64_t blocks) {
    return splats * static_cast<std::int64_t>(sizeof(BlockRange)) +
           sorting_parts(splats) * blocks * static_cast<std::int64_t>(sizeof(std::uint32_t));
}

}  // namespace gsfit
