#include "train/device_step_bytes.h"

#include <algorithm>

#include "cuda/bin/tiles.h"
#include "gsfit/bin.h"
#include "gsfit/gpu/device_bytes.h"
#include "gsfit/raster.h"

namespace gsfit {

namespace {

/// The largest band's image of a step, in channels of 4 or 2 bytes, and its gradient.
std::int64_t image_and_gradient(int channels, std::int64_t width, std::int64_t rows, bool half) {
    return 2 * device_bytes(image_bytes(width, rows, channels, half ? at::kHalf : at::kFloat));
}

std::int64_t staged_bytes(const ImageInfo& target, const Lattice& lattice) {
    return lattice.stride > 1 ? device_bytes(lattice.samples() * target.channels * (target.bits / 8)) : 0;
}

std::int64_t splats_bytes(std::int64_t size) {
    constexpr auto number = static_cast<std::int64_t>(sizeof(float));
    return device_bytes(size * (2 + 3 + 1) * number);
}

std::int64_t tiles_of(std::int64_t width, std::int64_t rows) {
    const gpu::TileGrid grid(width, {0, rows});
    return std::int64_t{grid.tiles_x} * grid.tiles_y;
}

}  // namespace

DeviceStepBytes device_step_bytes(std::int64_t size, const ImageInfo& target, const StepPlan& plan) {
    const Lattice lattice = plan.widest(target.width, target.height);
    const std::int64_t width = lattice.width;
    const gpu::TileGrid grid = plan.largest_grid(lattice);
    const std::int64_t rows = grid.rows.count;
    const std::int64_t tiles = std::int64_t{grid.tiles_x} * grid.tiles_y;
    const int channels = target.channels;
    const std::int64_t of_splats = device_bytes(splat_gradient_bytes(size, channels));
    DeviceStepBytes bytes;
    bytes.gradients = splats_bytes(size) + 2 * of_splats + gather_bytes(size, channels);
    if (plan.quantisation) bytes.gradients += device_quantised_bytes(size, channels);
    bytes.lists = tile_lists_bytes(size, tiles, plan.pairs);
    bytes.planes =
        staged_bytes(target, lattice) + gradient_plane_bytes(width, rows, channels, plan.blending.normalised());
    if (plan.blending.selects()) bytes.planes += device_bytes(normaliser_bytes(width, rows));
    if (!plan.draws_image()) {
        bytes.planes += tile_sum_bytes(tiles, channels);
        return bytes;
    }
    bytes.planes += image_and_gradient(channels, width, rows, plan.half);
    if (plan.blending.normalised()) bytes.planes += device_bytes(normaliser_bytes(width, rows));
    return bytes;
}

std::int64_t device_drawing_bytes(std::int64_t size, int channels, std::int64_t width, std::int64_t rows,
                                  std::int64_t pairs) {
    const std::int64_t image = device_bytes(image_bytes(width, rows, channels, at::kFloat));
    return splats_bytes(size) + tile_bins_bytes(size, tiles_of(width, rows), pairs) +
           std::max(image, tile_binning_bytes(size, pairs));
}

}  // namespace gsfit
