#pragma once

// Backward: a block of threads gathers the gradient of one splat, or of a part of its rows, from the samples of its
// ellipse. A warp works on 4 rows at a time, 8 neighbouring samples of each.

#include "cuda/bin/row.cuh"
#include "cuda/raster/scene.cuh"

namespace gsfit::gpu {

inline constexpr int gather_threads = 128;
inline constexpr int gather_blocks = 8;  // resident on a multiprocessor: registers enough that none spill
inline constexpr int gather_warps = gather_threads / 32;
inline constexpr int patch_rows = 4;
inline constexpr int patch_columns = 8;

/// Sums over a splat's samples of t = a w times dx, dy, dx^2, dx dy, dy^2, then of a u_c.
template <int channels>
struct Moments {
    static constexpr int count = geometry_columns + channels;
    float of[count];

    __device__ void add(float weight, float w, float dx, float dy, const float* u) {
        const float t = weight * w;
        const float tx = t * dx;
        const float ty = t * dy;
        of[0] += tx;
        of[1] += ty;
        of[2] = fmaf(tx, dx, of[2]);
        of[3] = fmaf(tx, dy, of[3]);
        of[4] = fmaf(ty, dy, of[4]);
        for (int c = 0; c < channels; ++c) of[geometry_columns + c] = fmaf(weight, u[c], of[geometry_columns + c]);
    }
};

/// The samples of a splat in one row of the band.
template <int channels, bool normalise>
__device__ inline void gather_row(const DrawJob& job, const TileSplat& line, const float* feature, std::int64_t row,
                                  const GroupPlanes<channels, normalise>& planes, Moments<channels>& moments) {
    const float dy = static_cast<float>(job.grid.rows.first + row) + 0.5F - line.y;
    const float half = half_row(line, dy);
    const float middle = fmaf(line.skew, dy, line.x) - 0.5F;
    const float last_column = static_cast<float>(job.grid.width - 1);
    if (middle + half < 0.0F || middle - half > last_column) return;
    const int end = static_cast<int>(fminf(middle + half, last_column));
    const int first = static_cast<int>(fmaxf(middle - half, 0.0F)) / patch_columns * patch_columns;
    const auto samples = planes.from(row * job.grid.width);
    for (int place = first + static_cast<int>(threadIdx.x) % patch_columns; place <= end; place += patch_columns) {
        const float dx = static_cast<float>(place) + 0.5F - line.x;
        const float weight = weight_at(line.qa, line.qb, line.qc, dx, dy, job.smallest_weight);
        if (weight == 0.0F) continue;
        float u[channels];
        float w = normalise ? *samples.minus_u_out(place) : 0.0F;
        for (int c = 0; c < channels; ++c) {
            u[c] = *samples.u(c, place);
            w = fmaf(feature[c], u[c], w);
        }
        moments.add(weight, w, dx, dy, u);
    }
}

/// The block's sums of the moments: of moment k in thread k. In two stages: 8 threads for each moment, then one.
template <int channels>
__device__ inline float add_threads(const Moments<channels>& moments) {
    constexpr int helpers = 8;
    constexpr int count = Moments<channels>::count;
    static_assert(count * helpers <= gather_threads);
    SIMT_SHARED(float, of_threads, [count][gather_threads + 1]);  // one more, so that readers meet different banks
    SIMT_SHARED(float, of_helpers, [count][helpers]);
    const int thread = static_cast<int>(threadIdx.x);
    for (int k = 0; k < count; ++k) of_threads[k][thread] = moments.of[k];
    __syncthreads();
    if (thread < count * helpers) {
        const int k = thread / helpers;
        float sum = 0.0F;
        for (int i = thread % helpers; i < gather_threads; i += helpers) sum += of_threads[k][i];
        of_helpers[k][thread % helpers] = sum;
    }
    __syncthreads();
    float sum = 0.0F;
    for (int i = 0; i < helpers && thread < count; ++i) sum += of_helpers[thread][i];
    return sum;
}

/// Rows of the band that a block works on, every `step`-th patch of them from `first` on.
struct GatherRows {
    std::int64_t first = 0;
    std::int64_t end = -1;  ///< the last
    std::int64_t step = 1;

    __device__ bool none() const { return first > end; }
};

__device__ inline GatherRows rows_of_block(const TileGrid& grid, const TileSplat& line) {
    if (line.extent_y < 0.0F) return {};
    const float middle = line.y - static_cast<float>(grid.rows.first) - 0.5F;
    constexpr std::int64_t block_rows = gather_warps * patch_rows;
    return {static_cast<std::int64_t>(fmaxf(middle - line.extent_y, 0.0F)) + blockIdx.y * block_rows,
            static_cast<std::int64_t>(fminf(middle + line.extent_y, static_cast<float>(grid.rows.count - 1))),
            gridDim.y * block_rows};
}

/// Block (splat, part) -> partial[part][splat][5 + all channels]. The first group of channels writes the moments of the
/// geometry, later ones add theirs.
template <int channels, bool normalise>
__global__ void __launch_bounds__(gather_threads, gather_blocks)
    gather(DrawJob job, int first_channel, std::int64_t splats, GroupPlanes<channels, normalise> planes,
           float* partial) {
    const std::int64_t splat = blockIdx.x;
    const TileSplat line = job.lists.lines[splat];
    const GatherRows rows = rows_of_block(job.grid, line);
    const int warp = static_cast<int>(threadIdx.x) / 32;
    const int lane = static_cast<int>(threadIdx.x) % 32;
    const int k = static_cast<int>(threadIdx.x);
    float sum = 0.0F;
    if (!rows.none()) {
        Moments<channels> moments{};
        float feature[channels];
        for (int c = 0; c < channels; ++c) feature[c] = job.feature[splat * job.channels + first_channel + c];
        std::int64_t row = rows.first + warp * patch_rows + lane / patch_columns;
        for (; row <= rows.end; row += rows.step) gather_row(job, line, feature, row, planes, moments);
        sum = add_threads(moments);
    }
    if (k >= Moments<channels>::count) return;
    const int column = k < geometry_columns ? k : k + first_channel;
    float* out = partial + (blockIdx.y * splats + splat) * (geometry_columns + job.channels) + column;
    *out = k < geometry_columns && first_channel > 0 ? *out + sum : sum;
}

/// Adds up the parts, and follows the weight to centre and conic.
__global__ void finish_gradients(SplatArrays splats, const float* partial, int parts, SplatGradients out) {
    const std::int64_t i = thread_item();
    if (i >= splats.size) return;
    const int columns = geometry_columns + splats.channels;
    const auto moment = [&](int k) {
        float sum = 0;
        for (int part = 0; part < parts; ++part) sum += partial[(part * splats.size + i) * columns + k];
        return sum;
    };
    const float x = moment(0);
    const float y = moment(1);
    const bool seen = x != 0.0F || y != 0.0F;  // the conic of a degenerate splat may be NaN
    const float* conic = splats.conic + 3 * i;
    const auto put = [&out](float& to, float value) { to = out.add ? to + value : value; };
    put(out.center[2 * i], seen ? fmaf(conic[0], x, conic[1] * y) : 0.0F);
    put(out.center[2 * i + 1], seen ? fmaf(conic[1], x, conic[2] * y) : 0.0F);
    put(out.conic[3 * i], -0.5F * moment(2));
    put(out.conic[3 * i + 1], -moment(3));
    put(out.conic[3 * i + 2], -0.5F * moment(4));
    for (int c = 0; c < splats.channels; ++c) put(out.feature[splats.channels * i + c], moment(geometry_columns + c));
}

}  // namespace gsfit::gpu
