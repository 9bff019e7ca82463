// Forward: tile by tile, sums in registers. Backward: splat by splat down the columns. Compiled once for each SIMD
// target.

#if defined(GSFIT_RASTER_PASSES_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef GSFIT_RASTER_PASSES_INL_H
#undef GSFIT_RASTER_PASSES_INL_H
#else
#define GSFIT_RASTER_PASSES_INL_H
#endif

#include "raster/block-inl.h"
#include "raster/threshold-inl.h"

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

/// Weights that a sample sees, or chooses; else 0.
HWY_INLINE V counted(V weight, V smallest) { return hn::IfThenElseZero(hn::Ge(weight, smallest), weight); }

HWY_INLINE void walk_weights(const Segment& segment, Walk& walk, V* weights) {
    const D d;
    const V decay = hn::Set(d, segment.decay);
    V weight = hn::Load(d, walk.weight);
    V ratio = hn::Load(d, walk.ratio);
    GSFIT_UNROLL
    for (int r = 0; r < tile_rows; ++r) {
        weights[r] = weight;
        weight = weight * ratio;
        ratio = ratio * decay;
    }
    hn::Store(weight, d, walk.weight);
    hn::Store(ratio, d, walk.ratio);
}

HWY_INLINE void direct_weights(const SplatLine& line, const Segment& segment, float y, int first_row, V* weights) {
    const Exponent exponent(line, hn::Iota(D(), segment.x));
    GSFIT_UNROLL
    for (int r = 0; r < tile_rows; ++r) weights[r] = exp2(exponent.at(static_cast<float>(first_row + r) + y));
}

/// The two passes over `channels` channels of a block, with a plane for the normaliser when there is one.
template <int channels, Blend blend>
struct Passes {
    static constexpr bool normalise = blend != Blend::sum;
    static constexpr bool chooses = blend == Blend::topk_norm;
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
            Crossing crossing(block, memory, s);
            for (int t = 0; t < used_tiles; ++t) {
                crossing.enter(t);
                Tile tile;
                GSFIT_UNROLL
                for (int r = 0; r < tile_rows; ++r) {
                    GSFIT_UNROLL
                    for (int p = 0; p < planes; ++p) tile.sum[r][p] = hn::Zero(d);
                }
                if constexpr (chooses) {
                    add_chosen(block, memory, crossing, s, t, smallest, tile);
                } else {
                    add_all(block, memory, crossing, t, smallest, tile);
                }
                crossing.leave();
                finish(s, t * tile_rows, tile);
            }
        }
    }

    /// From u_c = v_c / D and -sum_c u_c out_c in the block's planes to partial gradients in the slots.
    HWY_NOINLINE static void backward(const Block& block, Scratch& memory, float* slots) {
        const D d;
        const V smallest = hn::Set(d, block.job.bins->smallest_weight());
        const std::int32_t* first_segment = memory.first_segment.data();
        const std::ptrdiff_t columns = geometry_columns + block.job.channels;
        for (int i = 0; i < block.count; ++i) {
            const SplatLine& line = block.line(i);
            const float y = 0.5F - block.center_y(line);
            V feature[channels];
            broadcast(block.feature(i), feature);
            Moments moments;
            for (std::int32_t k = first_segment[i]; k < first_segment[i + 1]; ++k) {
                const Segment& segment = memory.segments.data()[k];
                if (HWY_UNLIKELY(segment.direct)) {
                    gather_direct(line, segment, memory, feature, y, smallest, moments);
                } else {
                    gather_walk(segment, memory.seeds.data()[k], memory, feature, y, smallest, moments);
                }
            }
            store(line, moments, block, slots + static_cast<std::ptrdiff_t>(block.entries[i].slot) * columns);
        }
    }

private:
    HWY_INLINE static void add(V weight, const V* feature, V* sum) {
        GSFIT_UNROLL
        for (int c = 0; c < channels; ++c) sum[c] = hn::MulAdd(weight, feature[c], sum[c]);
        if constexpr (normalise) sum[channels] = sum[channels] + weight;
    }

    HWY_INLINE static void broadcast(const float* values, V* feature) {
        GSFIT_UNROLL
        for (int c = 0; c < channels; ++c) feature[c] = hn::Set(D(), values[c]);
    }

    /// The segments that cross a tile, strip by strip from the top down: no more than one of each splat, since seeds
    /// stand at the first rows of tiles.
    class Crossing {
    public:
        HWY_INLINE Crossing(const Block& block, Scratch& memory, int strip)
            : starting_(memory.tile_lists.data() + std::ptrdiff_t{strip} * tiles * block.count),
              counts_(memory.tile_counts + strip * tiles),
              stride_(block.count),
              segments_(memory.segments.data()),
              list_(memory.crossing.data()) {}

        [[nodiscard]] HWY_INLINE int count() const { return count_; }
        [[nodiscard]] HWY_INLINE std::int32_t operator[](int i) const { return list_[i]; }

        HWY_INLINE void enter(int tile) {
            const std::int32_t* starting = starting_ + std::ptrdiff_t{tile} * stride_;
            for (int i = 0; i < counts_[tile]; ++i) list_[count_++] = starting[i];
            left_ = 0;
        }
        /// Each segment of the list is kept or not, in order, before the next tile is entered.
        HWY_INLINE void keep_below(int tile, std::int32_t segment) {
            list_[left_] = segment;
            left_ += segments_[segment].last > (tile + 1) * tile_rows ? 1 : 0;
        }
        HWY_INLINE void leave() { count_ = left_; }

    private:
        const std::int32_t* starting_;
        const std::int32_t* counts_;
        int stride_;
        const Segment* segments_;
        std::int32_t* list_;
        int count_ = 0;
        int left_ = 0;
    };

    /// A segment's weights in the rows of a tile; its walk goes on to the next one.
    HWY_INLINE static void tile_weights(const Block& block, Scratch& memory, std::int32_t index, int tile, V* weights) {
        const Segment& segment = memory.segments.data()[index];
        if (HWY_UNLIKELY(segment.direct)) {
            const SplatLine& line = block.line(segment.entry);
            direct_weights(line, segment, 0.5F - block.center_y(line), tile * tile_rows, weights);
        } else {
            walk_weights(segment, memory.walks.data()[index], weights);
        }
    }

    HWY_INLINE static void add_all(const Block& block, Scratch& memory, Crossing& crossing, int tile_index, V smallest,
                                   Tile& tile) {
        for (int i = 0; i < crossing.count(); ++i) {
            const std::int32_t index = crossing[i];
            V feature[channels];
            V weights[tile_rows];
            broadcast(memory.segments.data()[index].feature, feature);
            tile_weights(block, memory, index, tile_index, weights);
            crossing.keep_below(tile_index, index);
            GSFIT_UNROLL
            for (int r = 0; r < tile_rows; ++r) add(counted(weights[r], smallest), feature, tile.sum[r]);
        }
    }

    /// What a sample chooses is the same for all its channels: the thresholds of the first group serve the others.
    HWY_INLINE static void add_chosen(const Block& block, Scratch& memory, Crossing& crossing, int strip,
                                      int tile_index, V smallest, Tile& tile) {
        const D d;
        const int count = crossing.count();
        float* all = memory.weights.reserve(static_cast<std::size_t>(count) * tile_lanes);
        for (int i = 0; i < count; ++i) {
            V weights[tile_rows];
            tile_weights(block, memory, crossing[i], tile_index, weights);
            GSFIT_UNROLL
            for (int r = 0; r < tile_rows; ++r) {
                hn::Store(counted(weights[r], smallest), d, all + i * tile_lanes + r * lanes);
            }
        }
        float* thresholds = memory.thresholds + (strip * block_size + tile_index * tile_rows) * lanes;
        if (block.first_channel == 0) find_thresholds(all, count, block.job.topk, smallest, thresholds);
        V threshold[tile_rows];
        GSFIT_UNROLL
        for (int r = 0; r < tile_rows; ++r) threshold[r] = hn::Load(d, thresholds + r * lanes);
        for (int i = 0; i < count; ++i) {
            const std::int32_t index = crossing[i];
            V feature[channels];
            broadcast(memory.segments.data()[index].feature, feature);
            crossing.keep_below(tile_index, index);
            GSFIT_UNROLL
            for (int r = 0; r < tile_rows; ++r) {
                const V weight = hn::Load(d, all + i * tile_lanes + r * lanes);
                add(counted(weight, threshold[r]), feature, tile.sum[r]);
            }
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

        /// w = sum_c f_c u_c - sum_c u_c out_c, from the row's planes.
        template <class Rows>
        HWY_INLINE void add(V weight, const Rows& rows, const V* feature, Moments& moments) {
            V w = hn::Zero(D());
            if constexpr (normalise) w = rows.plane(channels);
            GSFIT_UNROLL
            for (int c = 0; c < channels; ++c) {
                const V u = rows.plane(c);
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

    /// The rows of a segment one after the other: the block's planes, and the smallest weight that counts.
    class Rows {
    public:
        HWY_INLINE Rows(const Scratch& memory, const Segment& segment, V smallest)
            : row_(memory.planes + std::ptrdiff_t{segment.place} * planes * lanes),
              threshold_(memory.thresholds + std::ptrdiff_t{segment.place} * lanes),
              smallest_(smallest) {
            read();
        }
        [[nodiscard]] HWY_INLINE V limit() const {
            if constexpr (chooses) return hn::Load(D(), threshold_);
            return smallest_;
        }
        [[nodiscard]] HWY_INLINE V plane(int p) const {
            if constexpr (reads_ahead) return values_[p];
            return hn::Load(D(), row_ + p * lanes);
        }
        HWY_INLINE void next() {
            row_ += planes * lanes;
            threshold_ += lanes;
            read();
        }

    private:
        /// With 32 registers a row waits in them, else compilers load each value once for each use. The row after the
        /// last is read, too: of most_planes there are always more than these.
        static constexpr bool reads_ahead = HWY_TARGET <= HWY_AVX3;
        static_assert(planes < most_planes);

        HWY_INLINE void read() {
            if constexpr (reads_ahead) {
                GSFIT_UNROLL
                for (int p = 0; p < planes; ++p) values_[p] = hn::Load(D(), row_ + p * lanes);
            }
        }

        const float* row_;
        const float* threshold_;
        V smallest_;
        V values_[planes];
    };

    HWY_INLINE static void gather_walk(const Segment& segment, const Walk& seed, const Scratch& memory,
                                       const V* feature, float y, V smallest, Moments& moments) {
        const D d;
        const V decay = hn::Set(d, segment.decay);
        V weight = hn::Load(d, seed.weight);
        V ratio = hn::Load(d, seed.ratio);
        Prefix prefix;
        Rows rows(memory, segment, smallest);
        for (int left = segment.last - segment.first; left > 0; --left, rows.next()) {
            prefix.add(counted(weight, rows.limit()), rows, feature, moments);
            weight = weight * ratio;
            ratio = ratio * decay;
        }
        prefix.close(segment.x, static_cast<float>(segment.last) + y, moments);
    }

    HWY_INLINE static void gather_direct(const SplatLine& line, const Segment& segment, const Scratch& memory,
                                         const V* feature, float y, V smallest, Moments& moments) {
        const Exponent exponent(line, hn::Iota(D(), segment.x));
        Prefix prefix;
        Rows rows(memory, segment, smallest);
        for (int r = segment.first; r < segment.last; ++r, rows.next()) {
            const V weight = exp2(exponent.at(static_cast<float>(r) + y));
            prefix.add(counted(weight, rows.limit()), rows, feature, moments);
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

/// Draws all channels in groups. Groups are independent of one another: the loss and the gradient of the geometry are
/// sums over channels.
template <template <int, Blend> class Pass, Blend blend, class... Arguments>
HWY_INLINE void for_each_group(Block& block, Arguments&&... arguments) {
    Scratch& memory = scratch();
    for (int first = 0; first < block.job.channels; first += group_channels) {
        block.first_channel = first;
        switch (std::min(group_channels, block.job.channels - first)) {
            case 1:
                Pass<1, blend>::run(block, memory, arguments...);
                break;
            case 2:
                Pass<2, blend>::run(block, memory, arguments...);
                break;
            case 3:
                Pass<3, blend>::run(block, memory, arguments...);
                break;
            default:
                Pass<4, blend>::run(block, memory, arguments...);
                break;
        }
    }
}

}  // namespace gsfit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
