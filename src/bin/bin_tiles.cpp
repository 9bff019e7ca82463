#include "bin/bin_tiles.h"

#include <ATen/ops/empty.h>

#include "gsfit/bin.h"
#include "gsfit/core/error.h"

namespace gsfit {

namespace {

template <class Value>
Value* data(const at::Tensor& tensor) {
    return static_cast<Value*>(tensor.mutable_data_ptr());
}

/// The splats as the kernels read them, and where each one's pairs begin.
struct Counted {
    gpu::TileGrid grid;
    at::Tensor lines;
    at::Tensor offsets;  ///< [N+1] int64

    [[nodiscard]] std::int64_t size() const { return offsets.numel() - 1; }
    [[nodiscard]] std::int64_t pairs() const { return offsets[size()].item<std::int64_t>(); }
};

Counted count(const Gpu& gpu, const Splats& splats, std::int64_t width, const Rows& rows, const Blending& blending) {
    const std::int64_t n = splats.center.size(0);
    const at::TensorOptions options = splats.center.options();
    constexpr auto floats = static_cast<std::int64_t>(sizeof(gpu::TileSplat) / sizeof(float));
    Counted counted{.grid = gpu::TileGrid(width, rows),
                    .lines = at::empty({n, floats}, options.requires_grad(false)),
                    .offsets = at::empty({n + 1}, options.dtype(at::kLong))};
    const at::Tensor counts = at::empty({n + 1}, options.dtype(at::kInt));
    const DeviceScratch scan(gpu->scan_bytes(n + 1), splats.center);
    gpu->count_tiles(splat_arrays(splats), counted.grid, blending, data<gpu::TileSplat>(counted.lines),
                     data<std::uint32_t>(counts), data<std::uint64_t>(counted.offsets), scan.workspace(), gpu.stream());
    return counted;
}

}  // namespace

void check_tile_pairs(std::int64_t pairs) {
    if (pairs > most_tile_pairs) {
        throw Error(
            "the Gaussians cover too many tiles of the image (over 2^32 pairs): they are too large or too many");
    }
}

std::int64_t count_tile_pairs(const Gpu& gpu, const Splats& splats, std::int64_t width, const Rows& rows,
                              const Blending& blending) {
    return count(gpu, splats, width, rows, blending).pairs();
}

std::shared_ptr<const TileBins> bin_tiles(const Gpu& gpu, const Splats& splats, std::int64_t width, const Rows& rows,
                                          const Blending& blending) {
    const Counted counted = count(gpu, splats, width, rows, blending);
    const std::int64_t pairs = counted.pairs();
    check_tile_pairs(pairs);
    const at::TensorOptions integers = counted.offsets.options().dtype(at::kInt);
    const std::int64_t tiles = std::int64_t{counted.grid.tiles_x} * counted.grid.tiles_y;
    auto bins = std::make_shared<TileBins>(TileBins{.grid = counted.grid,
                                                    .lines = counted.lines,
                                                    .splats = at::empty({pairs}, integers),
                                                    .ranges = at::empty({tiles, 2}, integers)});
    const at::Tensor unsorted = at::empty({3, pairs}, integers);
    const DeviceScratch sort(gpu->sort_bytes(pairs), unsorted);
    auto* unsorted_data = data<std::uint32_t>(unsorted);
    const gpu::PairArrays arrays{.tiles = unsorted_data,
                                 .splats = unsorted_data + pairs,
                                 .sorted_tiles = unsorted_data + 2 * pairs,
                                 .sorted_splats = data<std::uint32_t>(bins->splats),
                                 .capacity = pairs};
    gpu->list_tiles(data<const gpu::TileSplat>(bins->lines), data<const std::uint64_t>(counted.offsets), counted.size(),
                    bins->grid, arrays, data<std::uint32_t>(bins->ranges), sort.workspace(), gpu.stream());
    return bins;
}

}  // namespace gsfit
