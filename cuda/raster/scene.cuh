#pragma once

// What the passes share: the weight, where a thread is, and planes of samples.

#include <cstdint>

#include "cuda/raster/raster.h"
#include "cuda/simt.h"

namespace gsfit::gpu {

/// The weight at (dx, dy) from the centre, 0 where it is not seen: the same bits in every pass.
__device__ inline float weight_at(float qa, float qb, float qc, float dx, float dy, float smallest) {
    const float exponent = fmaf(dx, fmaf(qa, dx, __fmul_rn(qb, dy)), __fmul_rn(__fmul_rn(qc, dy), dy));
    const float weight = simt::exp2(exponent);
    return weight >= smallest ? weight : 0.0F;
}

/// A sample of a band: `row` counts from the band's first row.
struct TileSample {
    std::int64_t column, row;

    __device__ std::int64_t place(const TileGrid& grid) const { return row * grid.width + column; }
    __device__ bool is_inside(const TileGrid& grid) const {
        return column < grid.width && row >= 0 && row < grid.rows.count;
    }
};

/// The smallest weight that counts at a sample of the band.
__device__ inline float least_weight(const DrawJob& job, std::int64_t place) {
    return job.threshold == nullptr ? job.smallest_weight : job.threshold[place];
}

__device__ inline float load(const Pixels& image, std::int64_t place) {
    return image.half ? simt::load_half(static_cast<const std::uint16_t*>(image.data) + place)
                      : static_cast<const float*>(image.data)[place];
}

__device__ inline void store(float value, const Pixels& image, std::int64_t place) {
    if (image.half) {
        simt::store_half(value, static_cast<std::uint16_t*>(image.data) + place);
    } else {
        static_cast<float*>(image.data)[place] = value;
    }
}

/// The planes of the group of channels that begins at first_channel.
template <int channels, bool normalise>
struct GroupPlanes {
    float* first = nullptr;
    std::int64_t stride = 0;  ///< samples of the band

    static GroupPlanes of(float* gradient_planes, const TileGrid& grid, int first_channel) {
        const std::int64_t stride = grid.width * grid.rows.count;
        const int before = first_channel + (normalise ? first_channel / group_channels : 0);
        return {gradient_planes == nullptr ? nullptr : gradient_planes + before * stride, stride};
    }
    /// The same, its places counted from this one.
    __device__ GroupPlanes from(std::int64_t place) const { return {first + place, stride}; }
    __device__ float* u(int channel, std::int64_t place) const { return first + channel * stride + place; }
    __device__ float* minus_u_out(std::int64_t place) const { return first + channels * stride + place; }
};

}  // namespace gsfit::gpu
