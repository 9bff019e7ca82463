#pragma once

// Backward: a block of threads gathers the gradient of one splat, or of a part of its rows, from the samples that see
// it. A warp works on 4 rows at a time, 8 neighbouring samples of each.

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

/// Samples [first, last] of a row; `first` is a multiple of patch_columns.
struct Columns {
    int first = 0;
    int last = -1;
};

/// Those that may see the splat in the row at dy from its centre.
__device__ inline Columns columns_of(const TileGrid& grid, const TileSplat& line, float dy) {
    const auto last_column = static_cast<int>(grid.width - 1);
    if (line.tile16) return {line.tiles.x0 * tile_size, min(line.tiles.x1 * tile_size - 1, last_column)};
    const float half = half_row(line.ellipse, dy);
    const float middle = fmaf(line.ellipse.skew, dy, line.x) - 0.5F;
    if (middle + half < 0.0F || middle - half > static_cast<float>(last_column)) return {};
    return {static_cast<int>(fmaxf(middle - half, 0.0F)) / patch_columns * patch_columns,
            static_cast<int>(fminf(middle + half, static_cast<float>(last_column)))};
}

/// The samples of a splat in one row of the band.
template <int channels, bool normalise>
__device__ inline void gather_row(const DrawJob& job, const TileSplat& line, const float* feature, std::int64_t row,
                                  const GroupPlanes<channels, normalise>& planes, Moments<channels>& moments) {
    const float dy = static_cast<float>(job.grid.rows.first + row) + 0.5F - line.y;
    const Columns columns = columns_of(job.grid, line, dy);
    const std::int64_t row_place = row * job.grid.width;
    const auto samples = planes.from(row_place);
    const int lane_column = static_cast<int>(threadIdx.x) % patch_columns;
    for (int place = columns.first + lane_column; place <= columns.last; place += patch_columns) {
        const float dx = static_cast<float>(place) + 0.5F - line.x;
        const float weight = weight_at(line.qa, line.qb, line.qc, dx, dy, least_weight(job, row_place + place));
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

/// Rows [first, last] of the band.
struct GatherRows {
    std::int64_t first = 0;
    std::int64_t last = -1;
};

/// Those that may see the splat.
__device__ inline GatherRows rows_of(const TileGrid& grid, const TileSplat& line) {
    if (line.extent_y < 0.0F) return {};
    const std::int64_t last_row = grid.rows.count - 1;
    if (line.tile16) {
        const std::int64_t above = grid.rows_above;
        return {max(line.tiles.y0 * std::int64_t{tile_size} - above, std::int64_t{0}),
                min(line.tiles.y1 * std::int64_t{tile_size} - above - 1, last_row)};
    }
    const float middle = line.y - static_cast<float>(grid.rows.first) - 0.5F;
    return {static_cast<std::int64_t>(fmaxf(middle - line.extent_y, 0.0F)),
            static_cast<std::int64_t>(fminf(middle + line.extent_y, static_cast<float>(last_row)))};
}

/// Block (splat, part) -> partial[part][splat][5 + all channels]. The first group of channels writes the moments of the
/// geometry, later ones add theirs.
template <int channels, bool normalise>
__global__ void __launch_bounds__(gather_threads, gather_blocks)
    gather(DrawJob job, int first_channel, std::int64_t splats, GroupPlanes<channels, normalise> planes,
           float* partial) {
    const std::int64_t splat = blockIdx.x;
    const TileSplat line = job.lists.lines[splat];
    const GatherRows rows = rows_of(job.grid, line);
    constexpr std::int64_t block_rows = gather_warps * patch_rows;
    const std::int64_t first_row = rows.first + blockIdx.y * block_rows;  // of the block
    const int warp = static_cast<int>(threadIdx.x) / 32;
    const int lane = static_cast<int>(threadIdx.x) % 32;
    const int k = static_cast<int>(threadIdx.x);
    float sum = 0.0F;
    if (first_row <= rows.last) {
        Moments<channels> moments{};
        float feature[channels];
        for (int c = 0; c < channels; ++c) feature[c] = job.feature[splat * job.channels + first_channel + c];
        std::int64_t row = first_row + warp * patch_rows + lane / patch_columns;
        for (; row <= rows.last; row += gridDim.y * block_rows) gather_row(job, line, feature, row, planes, moments);
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
