// What the rasterizer for GPUs allocates beside images.

#include <algorithm>

#include "cuda/raster/raster.h"
#include "gsfit/gpu/device_bytes.h"
#include "gsfit/raster.h"

namespace gsfit {

std::int64_t gradient_plane_bytes(std::int64_t width, std::int64_t rows, int channels, bool normalised) {
    return device_bytes(image_bytes(width, rows, gpu::gradient_planes(channels, normalised), at::kFloat));
}

std::int64_t tile_sum_bytes(std::int64_t tiles, int channels) {
    return device_bytes(tiles * gpu::groups_of(channels) * static_cast<std::int64_t>(sizeof(double)));
}

std::int64_t gather_bytes(std::int64_t splats, int channels) {
    constexpr std::int64_t fewest_parts = 2048;
    return device_bytes(splat_gradient_bytes(std::max(splats, fewest_parts), channels));
}

}  // namespace gsfit
