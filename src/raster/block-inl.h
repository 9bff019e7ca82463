// A block's splats cut into segments: runs of rows in a strip that one seed serves. Compiled once for each SIMD target.

#if defined(GSFIT_RASTER_BLOCK_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef GSFIT_RASTER_BLOCK_INL_H
#undef GSFIT_RASTER_BLOCK_INL_H
#else
#define GSFIT_RASTER_BLOCK_INL_H
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "gsfit/core/unroll.h"
#include "raster/buffer.h"
#include "raster/raster_kernels.h"

HWY_BEFORE_NAMESPACE();
namespace gsfit::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using D = HWY_CAPPED(float, 16);
using V = hn::Vec<D>;

constexpr int lanes = static_cast<int>(hn::MaxLanes(D()));
constexpr int strips = block_size / lanes;
constexpr int tile_rows = 4;  // rows that the forward pass keeps in registers
constexpr int tiles = block_size / tile_rows;
constexpr int longest_segment = 32;
constexpr int group_channels = 4;  // channels that one pass draws
constexpr int most_planes = 2 * group_channels + 1;

/// 2^x to 2e-7; 0 below 2^-126, so that a weight which underflows stays 0 down its column.
HWY_INLINE V exp2(V x) {
    const D d;
    const hn::RebindToSigned<D> di;
    const V units = hn::Set(d, 0x1.8p23F);  // a small number added to it is rounded, and lies in the lowest bits
    const V bounded = hn::Min(hn::Max(x, hn::Set(d, -126.0F)), hn::Set(d, 126.0F));
    const V whole = bounded + units;
    const V f = bounded - (whole - units);
    V p = hn::Set(d, 1.339887440e-3F);
    p = hn::MulAdd(p, f, hn::Set(d, 9.618437357e-3F));
    p = hn::MulAdd(p, f, hn::Set(d, 5.550332548e-2F));
    p = hn::MulAdd(p, f, hn::Set(d, 2.402264791e-1F));
    p = hn::MulAdd(p, f, hn::Set(d, 6.931472028e-1F));
    p = hn::MulAdd(p, f, hn::Set(d, 1.0F));
    const V power = hn::BitCast(d, hn::BitCast(di, p) + hn::ShiftLeft<23>(hn::BitCast(di, whole)));
    return hn::IfThenElseZero(hn::Ge(x, hn::Set(d, -126.0F)), power);
}

/// log2 of a splat's weight in the columns of a strip, a quadratic in dy.
struct Exponent {
    V constant, linear, quadratic;

    HWY_INLINE Exponent(const SplatLine& line, V dx) {
        constexpr float log2e = 1.44269504F;
        const D d;
        quadratic = hn::Set(d, -0.5F * log2e * line.c);
        linear = hn::Set(d, -log2e * line.b) * dx;
        constant = hn::Set(d, -0.5F * log2e * line.a) * dx * dx;
    }
    HWY_INLINE V at(float dy) const {
        const V y = hn::Set(D(), dy);
        return hn::MulAdd(hn::MulAdd(quadratic, y, linear), y, constant);
    }
    /// at(dy + 1) - at(dy)
    HWY_INLINE V step(float dy) const { return hn::MulAdd(quadratic, hn::Set(D(), 2.0F * dy + 1.0F), linear); }
};

/// Rows [first[s], last[s]) of a block in which strip s meets a splat's ellipse.
struct StripRows {
    std::int16_t first[strips];
    std::int16_t last[strips];
};

/// A vector of weights, and of their ratios to the row below.
struct alignas(64) Walk {
    float weight[lanes];
    float ratio[lanes];
};

/// At most longest_segment rows of one splat in one strip.
struct Segment {
    float feature[group_channels];
    float decay;
    float x;                   // of the strip's first column, from the splat's centre
    std::int32_t entry;        // in the block's list
    std::int32_t place;        // of row `first` in the block: strip * block_size + first
    std::int16_t first, last;  // rows [first, last)
    bool direct;               // no recurrence: an exponential each row
};

/// A thread's working memory, grown to the fullest block it has seen (docs/cpu.md tells its size).
struct Scratch {
    Buffer<StripRows> rows;
    Buffer<std::int32_t> first_segment;  // of each entry, and the end
    Buffer<Segment> segments;
    Buffer<Walk> seeds;
    Buffer<Walk> walks;               // where the forward pass has come to
    Buffer<std::int32_t> tile_lists;  // [strip][tile][entries] segments that begin in the tile
    std::int32_t tile_counts[strips * tiles];
    Buffer<std::int32_t> crossing;                                      // segments that cross the tile that is drawn
    Buffer<float> weights;                                              // of one tile: [segment][row][lane]
    HWY_ALIGN_MAX float thresholds[block_size * block_size];            // [strip][row][lane]
    HWY_ALIGN_MAX float planes[block_size * block_size * most_planes];  // [strip][row][plane][lane]
    HWY_ALIGN_MAX std::uint32_t target[block_size * block_size];        // [strip][row][lane], a byte for each channel
};

HWY_INLINE Scratch& scratch() {
    thread_local const auto instance = std::make_unique<Scratch>();
    return *instance;
}

/// The part of a job that lies in one block; the channels drawn now start at first_channel.
struct Block {
    const RasterJob& job;
    const BinEntry* entries;
    int count;
    std::int64_t x, y;  // its first sample
    int width, height;  // samples of it before the end of the lattice's columns and of the band's rows
    int top;            // its first row that lies in the band
    int first_channel = 0;

    Block(const RasterJob& raster_job, std::int64_t index) : job(raster_job) {
        const Bins& bins = *job.bins;
        const auto i = static_cast<std::size_t>(index);
        entries = bins.entries.data() + bins.blocks[i];
        count = static_cast<int>(bins.blocks[i + 1] - bins.blocks[i]);
        x = index % bins.blocks_x * block_size;
        y = (bins.rows.first / block_size + index / bins.blocks_x) * block_size;
        width = static_cast<int>(std::min<std::int64_t>(block_size, bins.width - x));
        height = static_cast<int>(std::min<std::int64_t>(block_size, bins.rows.first + bins.rows.count - y));
        top = static_cast<int>(std::max<std::int64_t>(0, bins.rows.first - y));
    }

    [[nodiscard]] const SplatLine& line(int entry) const {
        return job.bins->lines[static_cast<std::size_t>(entries[entry].splat)];
    }
    /// Of the channels drawn now.
    [[nodiscard]] const float* feature(int entry) const {
        return job.feature + std::ptrdiff_t{entries[entry].splat} * job.channels + first_channel;
    }
    [[nodiscard]] float center_x(const SplatLine& splat) const { return splat.x - static_cast<float>(x); }
    [[nodiscard]] float center_y(const SplatLine& splat) const { return splat.y - static_cast<float>(y); }
    /// Place of a block's row and column in a plane of the band.
    [[nodiscard]] std::ptrdiff_t sample(int row, int column) const {
        return (y + row - job.bins->rows.first) * job.bins->width + x + column;
    }
};

/// Columns of a strip that lie in the lattice.
HWY_INLINE int columns_of(const Block& block, int strip) { return std::min(lanes, block.width - strip * lanes); }

/// Direct segments need no seeds but must not be longer than others.
HWY_INLINE int segment_rows(const SplatLine& line) { return line.seed_rows > 1 ? line.seed_rows : longest_segment; }

/// A strip's first seed: it depends on the splat and its block alone, and begins a tile, which walks go through whole.
HWY_INLINE int seed_row(int first) { return first & -tile_rows; }

/// One lane for each strip.
using StripsD = HWY_CAPPED(float, strips);
using StripsV = hn::Vec<StripsD>;

/// For all strips at once: the ellipse's lowest and highest row over the columns it shares with the strip. Returns how
/// many segments they make.
HWY_INLINE StripsV strip_rows(const SplatLine& line, float x, float y, StripRows& rows) {
    const StripsD d;
    using VS = StripsV;
    const hn::RebindToSigned<StripsD> di;
    const hn::Rebind<std::int16_t, StripsD> d16;
    constexpr int step = static_cast<int>(hn::MaxLanes(StripsD()));
    const VS extent = hn::Set(d, line.extent_x);
    const VS det = hn::Set(d, line.det);
    const VS reach = hn::Set(d, line.reach);
    const VS minus_b = hn::Set(d, -line.b);
    const VS inv_c = hn::Set(d, line.inv_c);
    const VS to_row = hn::Set(d, y - 0.5F);
    const VS zero = hn::Zero(d);
    const auto length = static_cast<float>(segment_rows(line));
    const VS per_row = hn::Set(d, 1.0F / length);
    VS segments = zero;
    for (int s = 0; s < strips; s += step) {
        const VS column = hn::Iota(d, static_cast<float>(s)) * hn::Set(d, static_cast<float>(lanes));
        const VS left = hn::Max(column + hn::Set(d, 0.5F - x), hn::Neg(extent));
        const VS right = hn::Min(column + hn::Set(d, static_cast<float>(lanes) - 0.5F - x), extent);
        const VS low_x = hn::Min(hn::Max(hn::Set(d, -line.top_x), left), right);
        const VS high_x = hn::Min(hn::Max(hn::Set(d, line.top_x), left), right);
        const VS low_half = hn::Sqrt(hn::Max(zero, hn::NegMulAdd(det * low_x, low_x, reach)));
        const VS high_half = hn::Sqrt(hn::Max(zero, hn::NegMulAdd(det * high_x, high_x, reach)));
        const VS low = hn::MulAdd(minus_b * low_x - low_half, inv_c, to_row);
        const VS high = hn::MulAdd(minus_b * high_x + high_half, inv_c, to_row);
        const VS first = hn::Ceil(hn::Max(low, zero));
        const VS last = hn::Floor(hn::Min(high, hn::Set(d, block_size - 1.0F))) + hn::Set(d, 1.0F);
        const auto meets = hn::And(hn::Le(left, right), hn::Lt(first, last));
        hn::StoreU(hn::DemoteTo(d16, hn::ConvertTo(di, hn::IfThenElseZero(meets, first))), d16, rows.first + s);
        hn::StoreU(hn::DemoteTo(d16, hn::ConvertTo(di, hn::IfThenElseZero(meets, last))), d16, rows.last + s);
        // Half a row more than the integers' quotient rounded up, so that per_row need not be exact.
        const VS seed = hn::Floor(first * hn::Set(d, 1.0F / tile_rows)) * hn::Set(d, tile_rows);
        const VS count = hn::Floor((last - seed + hn::Set(d, length - 0.5F)) * per_row);
        segments = segments + hn::IfThenElseZero(meets, count);
    }
    return segments;
}

/// Leaves of the rows those in the tiles of support `tile16`, none of which ends within a strip.
HWY_INLINE void keep_tiles(const Block& block, const SplatLine& line, StripRows& rows) {
    const auto within = [](float sample, std::int64_t first) {
        return static_cast<std::int16_t>(std::clamp<float>(sample - static_cast<float>(first), 0, block_size));
    };
    const SampleSpan across = tile_samples(line.x, line.square);
    const SampleSpan down = tile_samples(line.y, line.square);
    const int left = within(across.first, block.x);
    const int right = within(across.last + 1, block.x);
    const std::int16_t top = within(down.first, block.y);
    const std::int16_t bottom = within(down.last + 1, block.y);
    for (int s = 0; s < strips; ++s) {
        const bool meets = left <= s * lanes && s * lanes < right;
        rows.first[s] = std::max(rows.first[s], top);
        rows.last[s] = meets ? std::min(rows.last[s], bottom) : std::int16_t{0};
    }
}

/// Row ranges of every entry; returns the most segments they make, those above the band included.
HWY_INLINE std::size_t find_rows(const Block& block, StripRows* rows) {
    const StripsD d;
    StripsV segments = hn::Zero(d);
    for (int i = 0; i < block.count; ++i) {
        const SplatLine& line = block.line(i);
        segments = segments + strip_rows(line, block.center_x(line), block.center_y(line), rows[i]);
        if (block.job.bins->support == Support::tile16) keep_tiles(block, line, rows[i]);
    }
    return static_cast<std::size_t>(hn::GetLane(hn::SumOfLanes(d, segments)));
}

/// Cuts a block's splats into segments with their seeds, and lists the segments by the tiles they begin in.
template <int channels>
class SegmentBuilder {
public:
    SegmentBuilder(const Block& block, Scratch& memory) : block_(block), memory_(memory) {}

    HWY_INLINE void build() {
        const auto count = static_cast<std::size_t>(block_.count);
        const StripRows* rows = memory_.rows.reserve(count);
        const std::size_t total = find_rows(block_, memory_.rows.data());
        segments_ = memory_.segments.reserve(total);
        seeds_ = memory_.seeds.reserve(total);
        walks_ = memory_.walks.reserve(total);
        lists_ = memory_.tile_lists.reserve(count * strips * tiles);
        memory_.crossing.reserve(count);
        std::int32_t* first_segment = memory_.first_segment.reserve(count + 1);
        std::fill_n(memory_.tile_counts, strips * tiles, 0);
        for (int i = 0; i < block_.count; ++i) {
            first_segment[i] = made_;
            const Source source(block_, i);
            for (int s = source.left; s <= source.right; ++s) {
                if (rows[i].first[s] < rows[i].last[s]) cut(source, s, rows[i].first[s], rows[i].last[s]);
            }
        }
        first_segment[block_.count] = made_;
    }

private:
    /// What a splat's segments share.
    struct Source {
        const SplatLine& line;
        float feature[channels];
        float x, y;       // centre, from the block's corner
        int entry, rows;  // of a segment
        int left, right;  // strips
        bool direct;

        HWY_INLINE Source(const Block& block, int i)
            : line(block.line(i)),
              x(block.center_x(line)),
              y(block.center_y(line)),
              entry(i),
              rows(segment_rows(line)),
              left(strip_of(x - line.extent_x)),
              right(strip_of(x + line.extent_x)),
              direct(line.seed_rows == 1) {
            std::copy_n(block.feature(i), channels, feature);
        }
    };

    HWY_INLINE static int strip_of(float x) { return static_cast<int>(std::clamp(x, 0.0F, block_size - 1.0F)) / lanes; }

    HWY_INLINE void cut(const Source& source, int strip, int first, int end) {
        const float x = static_cast<float>(strip * lanes) + 0.5F - source.x;
        const float y = 0.5F - source.y;
        const Exponent exponent(source.line, hn::Iota(D(), x));
        for (int row = seed_row(first); row < end;) {
            const int last = std::min(end, row + source.rows);
            if (last > block_.top) {
                const bool walks = seed(exponent, y + static_cast<float>(row));
                fill(source, x, strip, row, last, source.direct || !walks);
                list(strip * tiles + row / tile_rows);
                ++made_;
            }
            row = last;
        }
    }

    /// Whether the recurrence holds: a weight of 0 stays 0 where the splat grows towards its centre. An ellipse begins
    /// near enough.
    HWY_INLINE bool seed(const Exponent& exponent, float dy) {
        const D d;
        const V power = exponent.at(dy);
        const V weight = exp2(power);
        const V ratio = exp2(exponent.step(dy));
        hn::Store(weight, d, seeds_[made_].weight);
        hn::Store(ratio, d, seeds_[made_].ratio);
        hn::Store(weight, d, walks_[made_].weight);
        hn::Store(ratio, d, walks_[made_].ratio);
        return is_ellipse_ || hn::AllTrue(d, hn::Ge(power, hn::Set(d, -126.0F)));
    }

    HWY_INLINE void fill(const Source& source, float x, int strip, int first, int last, bool direct) {
        Segment& segment = segments_[made_];
        for (int c = 0; c < channels; ++c) segment.feature[c] = source.feature[c];
        segment.decay = source.line.decay;
        segment.x = x;
        segment.entry = source.entry;
        segment.place = strip * block_size + first;
        segment.first = static_cast<std::int16_t>(first);
        segment.last = static_cast<std::int16_t>(last);
        segment.direct = direct;
    }

    HWY_INLINE void list(int tile) {
        lists_[static_cast<std::ptrdiff_t>(tile) * block_.count + memory_.tile_counts[tile]++] = made_;
    }

    const Block& block_;
    Scratch& memory_;
    const bool is_ellipse_ = block_.job.bins->support == Support::ellipse;
    Segment* segments_ = nullptr;
    Walk* seeds_ = nullptr;
    Walk* walks_ = nullptr;
    std::int32_t* lists_ = nullptr;
    std::int32_t made_ = 0;
};

}  // namespace gsfit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
