// One 64 x 64 block at a time (docs/cpu.md): a block is cut into strips as wide as a vector, and weights walk down the
// columns of a strip by the recurrence a *= r, r *= exp(-c), two multiplications in place of an exponential.

#include "raster/raster_kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "raster/raster_kernels.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h.
#include <hwy/highway.h>

#include "gsfit/core/half-inl.h"
#include "raster/block-inl.h"
#include "raster/passes-inl.h"
#include "raster/target-inl.h"
#include "raster/windows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gsfit::HWY_NAMESPACE {

HWY_INLINE V load(const float* from) { return hn::LoadU(D(), from); }
HWY_INLINE V load(const std::uint16_t* from) { return load_half(D(), from); }
HWY_INLINE void store(V v, float* to) { hn::StoreU(v, D(), to); }
HWY_INLINE void store(V v, std::uint16_t* to) { store_half(v, D(), to); }

template <class T>
HWY_INLINE V load_columns(const T* from, int columns) {
    if (HWY_LIKELY(columns == lanes)) return load(from);
    HWY_ALIGN_MAX T all[lanes] = {};
    std::copy_n(from, columns, all);
    return load(all);
}

template <class T>
HWY_INLINE void store_columns(V v, T* to, int columns) {
    if (HWY_LIKELY(columns == lanes)) {
        store(v, to);
        return;
    }
    HWY_ALIGN_MAX T all[lanes];
    store(v, all);
    std::copy_n(all, columns, to);
}

HWY_INLINE V load_columns(const Pixels& image, std::ptrdiff_t place, int columns) {
    return image.half ? load_columns(static_cast<const std::uint16_t*>(image.data) + place, columns)
                      : load_columns(static_cast<const float*>(image.data) + place, columns);
}

HWY_INLINE void store_columns(V v, const Pixels& image, std::ptrdiff_t place, int columns) {
    if (image.half) {
        store_columns(v, static_cast<std::uint16_t*>(image.data) + place, columns);
    } else {
        store_columns(v, static_cast<float*>(image.data) + place, columns);
    }
}

/// Samples of a block outside the band have no loss and no gradient.
HWY_INLINE void clear_outside(const Block& block, Scratch& memory, int planes) {
    if (block.width == block_size && block.height == block_size && block.top == 0) return;
    std::fill_n(memory.planes, block_size * block_size * planes, 0.0F);
}

/// Tiles -> the band's planes.
template <int channels, Blend blend>
struct ImageWriter {
    using P = Passes<channels, blend>;
    const Block& block;
    const Scratch& memory;
    const Planes& out;

    HWY_INLINE void operator()(int strip, int row, const typename P::Tile& tile) const {
        const D d;
        const int columns = columns_of(block, strip);
        const std::ptrdiff_t plane = block.job.bins->width * block.job.bins->rows.count;
        for (int r = 0; r < tile_rows && row + r < block.height; ++r) {
            if (row + r < block.top) continue;
            const std::ptrdiff_t sample = block.sample(row + r, strip * lanes);
            V scale = hn::Set(d, 1.0F);
            if constexpr (P::normalise) {
                const V normaliser = tile.sum[r][channels] + hn::Set(d, block.job.eps);
                scale = scale / normaliser;
                if (out.normaliser != nullptr) store_columns(normaliser, out.normaliser + sample, columns);
            }
            if constexpr (P::chooses) {
                const V threshold = hn::Load(d, memory.thresholds + (strip * block_size + row + r) * lanes);
                if (out.threshold != nullptr) store_columns(threshold, out.threshold + sample, columns);
            }
            for (int c = 0; c < channels; ++c) {
                store_columns(tile.sum[r][c] * scale, out.image, (block.first_channel + c) * plane + sample, columns);
            }
        }
    }
};

/// Tiles -> their loss, and u_c = v_c / D and -sum_c u_c out_c in the block's planes.
template <int channels, Blend blend>
struct LossWriter {
    using P = Passes<channels, blend>;
    const Block& block;
    const LossJob& loss;
    const TargetRows<channels>& target;
    Scratch& memory;
    WindowSamples* kept;  // for SSIM; else null
    V& absolute;          // sums of |out - target| and its square
    V& square;

    HWY_INLINE void operator()(int strip, int row, const typename P::Tile& tile) const {
        const D d;
        const int above = block.top - row;  // rows of the tile
        if (above >= tile_rows) return;
        const int columns = columns_of(block, strip);
        const auto inside = hn::FirstN(d, static_cast<std::size_t>(columns));
        const V l1 = hn::Set(d, loss.l1);
        const V l2 = hn::Set(d, 2.0F * loss.l2);
        const V one = hn::Set(d, 1.0F);
        const std::ptrdiff_t first = strip * block_size + row;
        float* planes = memory.planes + first * P::planes * lanes;
        const int rows = std::min(tile_rows, block.height - row);
        GSFIT_UNROLL
        for (int r = 0; r < tile_rows; ++r) {
            if (r < above) continue;
            if (r >= rows) break;
            V scale = one;
            V dot = hn::Zero(d);
            V wanted[channels];
            target.read(strip, row + r, columns, wanted);
            if constexpr (P::normalise) scale = one / (tile.sum[r][channels] + hn::Set(d, block.job.eps));
            GSFIT_UNROLL
            for (int c = 0; c < channels; ++c) {
                const V out = tile.sum[r][c] * scale;
                const V difference = hn::IfThenElseZero(inside, out - wanted[c]);
                const V size = hn::Abs(difference);
                absolute = absolute + size;
                square = hn::MulAdd(size, size, square);
                const V sign = hn::IfThenElseZero(hn::Gt(size, hn::Zero(d)), hn::CopySign(l1, difference));
                const V u = hn::MulAdd(l2, difference, sign) * scale;
                dot = hn::NegMulAdd(u, out, dot);
                hn::Store(u, d, planes + (r * P::planes + c) * lanes);
                if (HWY_UNLIKELY(kept != nullptr)) {
                    kept->keep(c, row + r, strip, hn::IfThenElseZero(inside, out), difference);
                }
            }
            if (HWY_UNLIKELY(kept != nullptr)) kept->keep_scale(row + r, strip, hn::IfThenElseZero(inside, scale));
            if constexpr (P::normalise) hn::Store(dot, d, planes + (r * P::planes + channels) * lanes);
        }
    }
};

template <int channels, Blend blend>
struct Draw {
    HWY_NOINLINE static void run(const Block& block, Scratch& memory, const Planes& out) {
        using P = Passes<channels, blend>;
        SegmentBuilder<channels>(block, memory).build();
        P::forward(block, memory, ImageWriter<channels, blend>{block, memory, out});
    }
};

template <int channels, Blend blend>
struct DrawLoss {
    HWY_NOINLINE static void run(const Block& block, Scratch& memory, const LossJob& loss, float* slots, double& sum) {
        using P = Passes<channels, blend>;
        const D d;
        prefetch_target(block, loss);
        clear_outside(block, memory, P::planes);
        SegmentBuilder<channels>(block, memory).build();
        V absolute = hn::Zero(d);
        V square = hn::Zero(d);
        WindowMemory* windows = loss.ssim != 0 ? &window_memory() : nullptr;
        WindowSamples* kept = windows != nullptr ? &windows->samples : nullptr;
        if (kept != nullptr) kept->clear_outside(block, channels);
        const TargetRows<channels> target(block, loss, memory);
        P::forward(block, memory, LossWriter<channels, blend>{block, loss, target, memory, kept, absolute, square});
        sum += static_cast<double>(loss.l1 * hn::GetLane(hn::SumOfLanes(d, absolute))) +
               static_cast<double>(loss.l2 * hn::GetLane(hn::SumOfLanes(d, square)));
        if (windows != nullptr) {
            sum += add_similarity(block, {channels, P::planes, memory.planes}, loss.ssim, *windows);
        }
        if (slots != nullptr) P::backward(block, memory, slots);
    }
};

template <int channels, Blend blend>
struct DrawBackward {
    HWY_NOINLINE static void run(const Block& block, Scratch& memory, const Planes& out, const Pixels& gradient,
                                 float* slots) {
        using P = Passes<channels, blend>;
        clear_outside(block, memory, P::planes);
        for (int row = block.top; row < block.height; ++row) {
            prefetch_row(block, out, gradient, row + rows_ahead);
            for (int strip = 0; strip * lanes < block.width; ++strip) {
                load_row(block, memory, out, gradient, strip, row);
            }
        }
        SegmentBuilder<channels>(block, memory).build();
        P::backward(block, memory, slots);
    }

    static constexpr int rows_ahead = 8;

    /// The rows of a block lie pages apart: without this each one's memory is waited for.
    HWY_INLINE static void prefetch_row(const Block& block, const Planes& out, const Pixels& gradient, int row) {
        if (row >= block.height) return;
        const std::ptrdiff_t plane = block.job.bins->width * block.job.bins->rows.count;
        const std::ptrdiff_t sample = block.sample(row, 0);
        const auto prefetch = [&](const void* values, std::ptrdiff_t first, std::ptrdiff_t size) {
            const auto* bytes = static_cast<const std::byte*>(values) + first * size;
            for (std::ptrdiff_t byte = 0; byte < block.width * size; byte += 64) hwy::Prefetch(bytes + byte);
        };
        for (int c = 0; c < channels; ++c) {
            const std::ptrdiff_t value = (block.first_channel + c) * plane + sample;
            prefetch(gradient.data, value, gradient.half ? 2 : 4);
            if constexpr (Passes<channels, blend>::normalise) prefetch(out.image.data, value, out.image.half ? 2 : 4);
        }
        if constexpr (Passes<channels, blend>::normalise) prefetch(out.normaliser, sample, 4);
        if constexpr (Passes<channels, blend>::chooses) prefetch(out.threshold, sample, 4);
    }

    HWY_INLINE static void load_row(const Block& block, Scratch& memory, const Planes& out, const Pixels& gradient,
                                    int strip, int row) {
        using P = Passes<channels, blend>;
        const D d;
        const int columns = columns_of(block, strip);
        const std::ptrdiff_t plane = block.job.bins->width * block.job.bins->rows.count;
        const std::ptrdiff_t sample = block.sample(row, strip * lanes);
        const std::ptrdiff_t place = strip * block_size + row;
        float* planes = memory.planes + place * P::planes * lanes;
        V scale = hn::Set(d, 1.0F);
        V dot = hn::Zero(d);
        if constexpr (P::chooses) {
            hn::Store(load_columns(out.threshold + sample, columns), d, memory.thresholds + place * lanes);
        }
        if constexpr (P::normalise) {
            scale = scale / hn::Max(load_columns(out.normaliser + sample, columns), hn::Set(d, 1e-30F));
        }
        for (int c = 0; c < channels; ++c) {
            const std::ptrdiff_t value = (block.first_channel + c) * plane + sample;
            const V u = load_columns(gradient, value, columns) * scale;
            if constexpr (P::normalise) dot = hn::NegMulAdd(u, load_columns(out.image, value, columns), dot);
            hn::Store(u, d, planes + c * lanes);
        }
        if constexpr (P::normalise) hn::Store(dot, d, planes + channels * lanes);
    }
};

template <template <int, Blend> class Pass, class... Arguments>
HWY_INLINE void run_pass(const RasterJob& job, std::int64_t index, Arguments&&... arguments) {
    Block block(job, index);
    switch (job.blend) {
        case Blend::norm:
            return for_each_group<Pass, Blend::norm>(block, arguments...);
        case Blend::sum:
            return for_each_group<Pass, Blend::sum>(block, arguments...);
        case Blend::topk_norm:
            return for_each_group<Pass, Blend::topk_norm>(block, arguments...);
    }
}

void draw(const RasterJob& job, std::int64_t block, const Planes& out) { run_pass<Draw>(job, block, out); }

void draw_backward(const RasterJob& job, std::int64_t block, const Planes& out, const Pixels& gradient, float* slots) {
    run_pass<DrawBackward>(job, block, out, gradient, slots);
}

double draw_loss(const RasterJob& job, std::int64_t block, const LossJob& loss, float* slots) {
    double sum = 0;
    run_pass<DrawLoss>(job, block, loss, slots, sum);
    return sum;
}

}  // namespace gsfit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gsfit {

HWY_EXPORT(draw);
HWY_EXPORT(draw_backward);
HWY_EXPORT(draw_loss);

void rasterize_block(const RasterJob& job, std::int64_t block, const Planes& out) {
    HWY_DYNAMIC_DISPATCH(draw)(job, block, out);
}

void rasterize_block_backward(const RasterJob& job, std::int64_t block, const Planes& out, const Pixels& gradient,
                              float* slots) {
    HWY_DYNAMIC_DISPATCH(draw_backward)(job, block, out, gradient, slots);
}

double rasterize_block_loss(const RasterJob& job, std::int64_t block, const LossJob& loss, float* slots) {
    return HWY_DYNAMIC_DISPATCH(draw_loss)(job, block, loss, slots);
}

}  // namespace gsfit
#endif
