#include "train/device_step_bytes.h"

#include <algorithm>

#include "cuda/bin/tiles.h"
#include "gsfit/bin.h"
#include "gsfit/gpu/device_bytes.h"
#include "gsfit/loss.h"
#include "gsfit/raster.h"

namespace gsfit {

namespace {

/// The image is there until its gradient has become planes; without a normaliser, until it has a gradient.
std::int64_t image_and_planes(const DeviceStep& step) {
    const std::int64_t width = step.lattice.width;
    const std::int64_t planes = gradient_plane_bytes(width, step.rows, step.channels, step.normalised);
    if (!step.draws_image) return planes;
    const at::ScalarType type = step.half ? at::kHalf : at::kFloat;
    const std::int64_t image = device_bytes(image_bytes(width, step.rows, step.channels, type));
    const std::int64_t gradient = device_bytes(image_loss_bytes(step.channels, step.rows, width, type));
    if (!step.normalised) return std::max(image, planes) + gradient;
    return image + device_bytes(normaliser_bytes(width, step.rows)) + gradient + planes;
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

DeviceStepBytes device_step_bytes(const DeviceStep& step) {
    const std::int64_t of_splats = device_bytes(splat_gradient_bytes(step.size, step.channels));
    const std::int64_t tiles = tiles_of(step.lattice.width, step.rows);
    const std::int64_t sums = step.draws_image ? 0 : tile_sum_bytes(tiles, step.channels);
    const std::int64_t drawing = image_and_planes(step) + sums + of_splats + gather_bytes(step.size, step.channels);
    const bool banded = step.rows < step.lattice.height;
    return {.gradients = splats_bytes(step.size) + (banded ? of_splats : 0),
            .lists = tile_bins_bytes(step.size, tiles, step.pairs),
            .band = std::max(drawing, tile_binning_bytes(step.size, step.pairs))};
}

std::int64_t device_drawing_bytes(std::int64_t size, int channels, std::int64_t width, std::int64_t rows,
                                  std::int64_t pairs) {
    const std::int64_t image = device_bytes(image_bytes(width, rows, channels, at::kFloat));
    return splats_bytes(size) + tile_bins_bytes(size, tiles_of(width, rows), pairs) +
           std::max(image, tile_binning_bytes(size, pairs));
}

}  // namespace gsfit
