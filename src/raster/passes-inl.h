// Forward: tile by tile, sums in registers. Backward: splat by splat down the columns. Compiled once for each SIMD
// target.

#if defined(GSFIT_RASTER_PASSES_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef GSFIT_RASTER_PASSES_INL_H
#undef GSFIT_RASTER_PASSES_INL_H
#else
#define GSFIT_RASTER_PASSES_INL_H
#endif

#include "raster/block-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gsfit::HWY_NAMESPACE {

/// Adds up the four-lane parts of a vector.
HWY_INLINE hn::Vec<hn::CappedTag<float, 4>> fold(V v) {
#if HWY_TARGET <= HWY_AVX3
    const hn::Half<D> eight;
    const hn::Half<hn::Half<D>> four;
    const auto folded = hn::LowerHalf(eight, v) + hn::UpperHalf(eight, v);
    return hn::LowerHalf(four, folded) + hn::UpperHalf(four, folded);
#elif HWY_TARGET <= HWY_AVX2
    const hn::Half<D> four;
    return hn::LowerHalf(four, v) + hn::UpperHalf(four, v);
#else
    return v;
#endif
}

/// Four horizontal sums.
HWY_INLINE void sum_lanes(V a, V b, V c, V e, float* out) {
    const hn::CappedTag<float, 4> d;
    const auto fa = fold(a);
    const auto fb = fold(b);
    const auto fc = fold(c);
    const auto fe = fold(e);
    const auto ab = hn::InterleaveLower(d, fa, fb) + hn::InterleaveUpper(d, fa, fb);
    const auto ce = hn::InterleaveLower(d, fc, fe) + hn::InterleaveUpper(d, fc, fe);
    hn::StoreU(hn::ConcatLowerLower(d, ce, ab) + hn::ConcatUpperUpper(d, ce, ab), d, out);
}

/// The two passes over `channels` channels of a block, with a plane for the normaliser when there is one.
template <int channels, bool normalise>
struct Passes {
    static constexpr int planes = channels + (normalise ? 1 : 0);

    /// Sums of a f_c, then of a, for a strip's rows of a tile.
    struct Tile {
        V sum[tile_rows][planes];
    };

    /// Draws tile by tile and hands each to finish(strip, first row, tile) while it is in registers.
    template <class Finish>
    HWY_INLINE static void forward(const Block& block, Scratch& memory, const Finish& finish) {
        const D d;
        const V smallest = hn::Set(d, block.job.bins->smallest_weight());
        const int used_strips = (block.width + lanes - 1) / lanes;
        const int used_tiles = (block.height + tile_rows - 1) / tile_rows;
        for (int s = 0; s < used_strips; ++s) {
            for (int t = 0; t < used_tiles; ++t) {
                Tile tile;
                GSFIT_UNROLL
                for (int r = 0; r < tile_rows; ++r) {
                    GSFIT_UNROLL
                    for (int p = 0; p < planes; ++p) tile.sum[r][p] = hn::Zero(d);
                }
                const std::ptrdiff_t index = s * tiles + t;
                const std::int32_t* list = memory.tile_lists.data() + index * block.count;
                const std::int32_t* end = list + memory.tile_counts[index];
                for (; list < end; ++list) {
                    const Segment& segment = memory.segments.data()[*list];
                    if (HWY_UNLIKELY(segment.direct)) {
                        add_direct(block, segment, t * tile_rows, smallest, tile);
                    } else {
                        add_walk(segment, memory.walks.data()[*list], smallest, tile);
                    }
                }
                finish(s, t * tile_rows, tile);
            }
        }
    }

    /// From u_c = v_c / D and -sum_c u_c out_c in the block's planes to partial gradients in the slots.
    HWY_INLINE static void backward(const Block& block, Scratch& memory, float* slots) {
        const D d;
        const V smallest = hn::Set(d, block.job.bins->smallest_weight());
        const std::int32_t* first_segment = memory.first_segment.data();
        const std::ptrdiff_t columns = geometry_columns + block.job.channels;
        for (int i = 0; i < block.count; ++i) {
            const SplatLine& line = block.line(i);
            const float y = 0.5F - block.center_y(line);
            Moments moments;
            for (std::int32_t k = first_segment[i]; k < first_segment[i + 1]; ++k) {
                const Segment& segment = memory.segments.data()[k];
                if (HWY_UNLIKELY(segment.direct)) {
                    gather_direct(line, segment, memory.planes, y, smallest, moments);
                } else {
                    gather_walk(segment, memory.seeds.data()[k], memory.planes, y, smallest, moments);
                }
            }
            store(line, moments, block, slots + static_cast<std::ptrdiff_t>(block.entries[i].slot) * columns);
        }
    }

private:
    HWY_INLINE static V supported(V weight, V smallest) { return hn::IfThenElseZero(hn::Ge(weight, smallest), weight); }

    HWY_INLINE static void add(V weight, const V* feature, V* sum) {
        GSFIT_UNROLL
        for (int c = 0; c < channels; ++c) sum[c] = hn::MulAdd(weight, feature[c], sum[c]);
        if constexpr (normalise) sum[channels] = sum[channels] + weight;
    }

    HWY_INLINE static void broadcast(const Segment& segment, V* feature) {
        GSFIT_UNROLL
        for (int c = 0; c < channels; ++c) feature[c] = hn::Set(D(), segment.feature[c]);
    }

    HWY_INLINE static void add_walk(const Segment& segment, Walk& walk, V smallest, Tile& tile) {
        const D d;
        V feature[channels];
        broadcast(segment, feature);
        const V decay = hn::Set(d, segment.decay);
        V weight = hn::Load(d, walk.weight);
        V ratio = hn::Load(d, walk.ratio);
        GSFIT_UNROLL
        for (int r = 0; r < tile_rows; ++r) {
            add(supported(weight, smallest), feature, tile.sum[r]);
            weight = weight * ratio;
            ratio = ratio * decay;
        }
        hn::Store(weight, d, walk.weight);
        hn::Store(ratio, d, walk.ratio);
    }

    HWY_INLINE static void add_direct(const Block& block, const Segment& segment, int first_row, V smallest,
                                      Tile& tile) {
        const SplatLine& line = block.line(segment.entry);
        V feature[channels];
        broadcast(segment, feature);
        const Exponent exponent(line, hn::Iota(D(), segment.x));
        const float dy = static_cast<float>(first_row) + 0.5F - block.center_y(line);
        GSFIT_UNROLL
        for (int r = 0; r < tile_rows; ++r) {
            const V weight = exp2(exponent.at(dy + static_cast<float>(r)));
            add(supported(weight, smallest), feature, tile.sum[r]);
        }
    }

    /// Sums over a splat's samples of a u_c, and of t = a w times 1, dx, dy, dx^2, dx dy, dy^2.
    struct Moments {
        V feature[channels];
        V x, y, xx, xy, yy;

        HWY_INLINE Moments() {
            x = y = xx = xy = yy = hn::Zero(D());
            GSFIT_UNROLL
            for (int c = 0; c < channels; ++c) feature[c] = hn::Zero(D());
        }
    };

    /// Prefix sums of t down a column: when a row has m rows to go, itself included, p0 = sum t, p1 = sum m t,
    /// p2 = sum m (m + 1) / 2 t.
    struct Prefix {
        V p0, p1, p2;

        HWY_INLINE Prefix() { p0 = p1 = p2 = hn::Zero(D()); }

        /// w = sum_c f_c u_c - sum_c u_c out_c, read from the row's planes.
        HWY_INLINE void add(V weight, const float* row, const V* feature, Moments& moments) {
            const D d;
            V w = normalise ? hn::Load(d, row + channels * lanes) : hn::Zero(d);
            GSFIT_UNROLL
            for (int c = 0; c < channels; ++c) {
                const V u = hn::Load(d, row + c * lanes);
                w = hn::MulAdd(feature[c], u, w);
                moments.feature[c] = hn::MulAdd(weight, u, moments.feature[c]);
            }
            p0 = hn::MulAdd(weight, w, p0);
            p1 = p1 + p0;
            p2 = p2 + p1;
        }

        /// dy = end - m, `end` the distance of the row after the last.
        HWY_INLINE void close(float x, float end, Moments& moments) const {
            const D d;
            const V dx = hn::Iota(d, x);
            const V last = hn::Set(d, end);
            const V last_p0 = last * p0;
            const V tx = p0 * dx;
            const V ty = last_p0 - p1;
            moments.x = moments.x + tx;
            moments.y = moments.y + ty;
            moments.xx = hn::MulAdd(tx, dx, moments.xx);
            moments.xy = hn::MulAdd(ty, dx, moments.xy);
            moments.yy = moments.yy + hn::MulAdd(last, last_p0 - (p1 + p1), (p2 + p2) - p1);
        }
    };

    HWY_INLINE static void gather_walk(const Segment& segment, const Walk& seed, const float* plane_rows, float y,
                                       V smallest, Moments& moments) {
        const D d;
        V feature[channels];
        broadcast(segment, feature);
        const V decay = hn::Set(d, segment.decay);
        V weight = hn::Load(d, seed.weight);
        V ratio = hn::Load(d, seed.ratio);
        Prefix prefix;
        const float* row = plane_rows + static_cast<std::ptrdiff_t>(segment.offset) * lanes;
        for (int left = segment.last - segment.first; left > 0; --left, row += planes * lanes) {
            prefix.add(supported(weight, smallest), row, feature, moments);
            weight = weight * ratio;
            ratio = ratio * decay;
        }
        prefix.close(segment.x, static_cast<float>(segment.last) + y, moments);
    }

    HWY_INLINE static void gather_direct(const SplatLine& line, const Segment& segment, const float* plane_rows,
                                         float y, V smallest, Moments& moments) {
        V feature[channels];
        broadcast(segment, feature);
        const Exponent exponent(line, hn::Iota(D(), segment.x));
        Prefix prefix;
        const float* row = plane_rows + static_cast<std::ptrdiff_t>(segment.offset) * lanes;
        for (int r = segment.first; r < segment.last; ++r, row += planes * lanes) {
            const V weight = exp2(exponent.at(static_cast<float>(r) + y));
            prefix.add(supported(weight, smallest), row, feature, moments);
        }
        prefix.close(segment.x, static_cast<float>(segment.last) + y, moments);
    }

    /// The first group of channels writes the geometry's gradient, later ones add theirs.
    HWY_INLINE static void store(const SplatLine& line, const Moments& m, const Block& block, float* slot) {
        HWY_ALIGN float sums[12];
        const V zero = hn::Zero(D());
        sum_lanes(m.x, m.y, m.xx, m.xy, sums);
        if constexpr (channels == 1) sum_lanes(m.yy, m.feature[0], zero, zero, sums + 4);
        if constexpr (channels == 2) sum_lanes(m.yy, m.feature[0], m.feature[1], zero, sums + 4);
        if constexpr (channels >= 3) sum_lanes(m.yy, m.feature[0], m.feature[1], m.feature[2], sums + 4);
        if constexpr (channels == 4) sum_lanes(m.feature[3], zero, zero, zero, sums + 8);
        const float geometry[geometry_columns] = {line.a * sums[0] + line.b * sums[1],
                                                  line.b * sums[0] + line.c * sums[1], -0.5F * sums[2], -sums[3],
                                                  -0.5F * sums[4]};
        for (int g = 0; g < geometry_columns; ++g) {
            slot[g] = block.first_channel == 0 ? geometry[g] : slot[g] + geometry[g];
        }
        for (int c = 0; c < channels; ++c) slot[geometry_columns + block.first_channel + c] = sums[5 + c];
    }
};

}  // namespace gsfit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
