#pragma once

// Forward: a block of threads draws a tile, a thread a sample. The tile's splats pass through shared memory in batches.

#include <cmath>

#include "cuda/packed.cuh"
#include "cuda/raster/scene.cuh"
#include "cuda/sum.cuh"

namespace gsfit::gpu {

inline constexpr int tile_threads = tile_size * tile_size;

/// The sample of a thread: a warp draws 8 x 4 of them, so that it can pass over splats which none of these see.
__device__ inline TileSample sample_of_thread(const TileGrid& grid) {
    const int warp = static_cast<int>(threadIdx.x) / 32;
    const int lane = static_cast<int>(threadIdx.x) % 32;
    return {static_cast<std::int64_t>(blockIdx.x) * tile_size + warp % 2 * 8 + lane % 8,
            static_cast<std::int64_t>(blockIdx.y) * tile_size + warp / 2 * 4 + lane / 8 - grid.rows_above};
}

/// A batch of a tile's splats.
struct Batch {
    float4 place[tile_threads];  ///< centre, half sizes
    float qa[tile_threads], qb[tile_threads], qc[tile_threads];
};

__device__ inline void stage(const TileSplat& line, Batch& batch) {
    const int t = static_cast<int>(threadIdx.x);
    batch.place[t] = make_float4(line.x, line.y, line.extent_x, line.extent_y);
    batch.qa[t] = line.qa;
    batch.qb[t] = line.qb;
    batch.qc[t] = line.qc;
}

/// Walks over the splats of the block's tile, in batches. For each batch it calls stage_also(splat) in the thread that
/// stages this splat, then for each splat visit(its place in the batch, its weight at the sample), but for splats that
/// no sample of the warp sees. A weight below `least` is 0.
template <class StageAlso, class Visit>
__device__ inline void for_each_splat(const DrawJob& job, const TileSample& sample, float least,
                                      const StageAlso& stage_also, const Visit& visit) {
    SIMT_SHARED(Batch, batch, );
    const std::int64_t tile = static_cast<std::int64_t>(blockIdx.y) * job.grid.tiles_x + blockIdx.x;
    const std::uint32_t begin = job.lists.ranges[2 * tile];
    const std::uint32_t end = job.lists.ranges[2 * tile + 1];
    const float x = static_cast<float>(sample.column) + 0.5F;
    const float y = static_cast<float>(job.grid.rows.first + sample.row) + 0.5F;
    const int lane = static_cast<int>(threadIdx.x) % 32;
    const float warp_x = x - static_cast<float>(lane % 8) + 3.5F;  // the middle of the warp's samples
    const float warp_y = y - static_cast<float>(lane / 8) + 1.5F;
    for (std::uint32_t first = begin; first < end; first += tile_threads) {
        __syncthreads();  // the last batch is done with
        const std::uint32_t mine = first + threadIdx.x;
        if (mine < end) {
            const std::uint32_t splat = job.lists.splats[mine];
            stage(job.lists.lines[splat], batch);
            stage_also(splat);
        }
        __syncthreads();
        const int count = static_cast<int>(min(static_cast<std::uint32_t>(tile_threads), end - first));
        for (int k = 0; k < count; ++k) {
            const float4 place = batch.place[k];
            if (fabsf(place.x - warp_x) > place.z + 3.5F || fabsf(place.y - warp_y) > place.w + 1.5F) continue;
            visit(k, weight_at(batch.qa[k], batch.qb[k], batch.qc[k], x - place.x, y - place.y, least));
        }
    }
}

/// topk from 1 to capacity.
template <int capacity>
__global__ void __launch_bounds__(tile_threads) find_thresholds_of_tile(DrawJob job, int topk, float* threshold) {
    const TileSample sample = sample_of_thread(job.grid);
    float largest[capacity];  // descending. The first capacity - topk stay infinite: the last is the topk-th
#pragma unroll
    for (int i = 0; i < capacity; ++i) largest[i] = i < capacity - topk ? INFINITY : job.smallest_weight;
    const auto keep = [&largest](int, float weight) {
        if (weight <= largest[capacity - 1]) return;
#pragma unroll
        for (int i = 0; i < capacity; ++i) {
            const float larger = fmaxf(largest[i], weight);
            weight = fminf(largest[i], weight);
            largest[i] = larger;
        }
    };
    for_each_splat(
        job, sample, job.smallest_weight, [](std::uint32_t) {}, keep);
    if (sample.is_inside(job.grid)) threshold[sample.place(job.grid)] = largest[capacity - 1];
}

/// Sums of a f_c, then of a.
template <int channels, bool normalise>
struct Sums {
    float of[channels + (normalise ? 1 : 0)];
};

template <int channels, bool normalise>
__device__ inline Sums<channels, normalise> draw_sample(const DrawJob& job, int first_channel,
                                                        const TileSample& sample) {
    SIMT_SHARED(float, batch_feature, [channels][tile_threads]);
    Sums<channels, normalise> sums{};
    const auto stage_feature = [&](std::uint32_t splat) {
        const float* feature = job.feature + static_cast<std::int64_t>(splat) * job.channels + first_channel;
        for (int c = 0; c < channels; ++c) batch_feature[c][threadIdx.x] = feature[c];
    };
    const auto add = [&](int k, float weight) {
        for (int c = 0; c < channels; ++c) sums.of[c] = fmaf(weight, batch_feature[c][k], sums.of[c]);
        if (normalise) sums.of[channels] += weight;
    };
    const float least = sample.is_inside(job.grid) ? least_weight(job, sample.place(job.grid)) : job.smallest_weight;
    for_each_splat(job, sample, least, stage_feature, add);
    return sums;
}

/// 1 / D.
template <int channels, bool normalise>
__device__ inline float inverse_normaliser(const Sums<channels, normalise>& sums, float eps) {
    return normalise ? 1.0F / (sums.of[normalise ? channels : 0] + eps) : 1.0F;
}

template <int channels, bool normalise>
__global__ void __launch_bounds__(tile_threads) draw_image_tile(DrawJob job, int first_channel, Planes out) {
    const TileSample sample = sample_of_thread(job.grid);
    const auto sums = draw_sample<channels, normalise>(job, first_channel, sample);
    if (!sample.is_inside(job.grid)) return;
    const std::int64_t place = sample.place(job.grid);
    const std::int64_t plane = job.grid.width * job.grid.rows.count;
    const float scale = inverse_normaliser<channels, normalise>(sums, job.eps);
    if (normalise && out.normaliser != nullptr) out.normaliser[place] = sums.of[normalise ? channels : 0] + job.eps;
    for (int c = 0; c < channels; ++c) store(sums.of[c] * scale, out.image, (first_channel + c) * plane + place);
}

template <int channels, bool normalise>
__global__ void __launch_bounds__(tile_threads) draw_loss_tile(DrawJob job, int first_channel, LossJob loss,
                                                               double* sums_out, GroupPlanes<channels, normalise> out) {
    const TileSample sample = sample_of_thread(job.grid);
    const auto sums = draw_sample<channels, normalise>(job, first_channel, sample);
    const Lattice& lattice = loss.lattice;
    float absolute = 0;
    float square = 0;
    if (sample.is_inside(job.grid)) {
        const std::int64_t place = sample.place(job.grid);
        const std::byte* pixel = target_pixel(loss.target, lattice.x + sample.column * lattice.stride,
                                              lattice.y + (job.grid.rows.first + sample.row) * lattice.stride);
        const float scale = inverse_normaliser<channels, normalise>(sums, job.eps);
        float minus_u_out = 0;
        for (int c = 0; c < channels; ++c) {
            const float value = sums.of[c] * scale;
            const float difference = value - target_value(loss.target, pixel, first_channel + c);
            absolute += fabsf(difference);
            square = fmaf(difference, difference, square);
            const float sign = difference != 0.0F ? copysignf(loss.l1, difference) : 0.0F;
            const float u = fmaf(2.0F * loss.l2, difference, sign) * scale;
            minus_u_out = fmaf(-u, value, minus_u_out);
            if (out.first != nullptr) *out.u(c, place) = u;
        }
        if (normalise && out.first != nullptr) *out.minus_u_out(place) = minus_u_out;
    }
    const double sum =
        block_sum<tile_threads>(static_cast<double>(loss.l1 * absolute) + static_cast<double>(loss.l2 * square));
    if (threadIdx.x == 0) sums_out[static_cast<std::int64_t>(blockIdx.y) * gridDim.x + blockIdx.x] = sum;
}

template <int channels, bool normalise>
__global__ void differentiate_samples(DrawJob job, int first_channel, Planes image, Pixels gradient,
                                      GroupPlanes<channels, normalise> out) {
    const std::int64_t place = thread_item();
    const std::int64_t plane = job.grid.width * job.grid.rows.count;
    if (place >= plane) return;
    const float scale = normalise ? 1.0F / image.normaliser[place] : 1.0F;
    float minus_u_out = 0;
    for (int c = 0; c < channels; ++c) {
        const float u = load(gradient, (first_channel + c) * plane + place) * scale;
        if (normalise) minus_u_out = fmaf(-u, load(image.image, (first_channel + c) * plane + place), minus_u_out);
        *out.u(c, place) = u;
    }
    if (normalise) *out.minus_u_out(place) = minus_u_out;
}

}  // namespace gsfit::gpu
