// What each splat of a block is worth: by how much the squared error would grow without it. With a its weight, S the
// sum of all weights' colours and D their sum plus eps, an image S / D becomes (S - a f) / (D - a), which is out + q
// (out - f) with q = a / (D - a); a sum S becomes S - a f.

#include "raster/raster_kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "raster/removal_kernels.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h.
#include <hwy/highway.h>

#include "raster/block-inl.h"
#include "raster/passes-inl.h"
#include "raster/target-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gsfit::HWY_NAMESPACE {

/// A block's planes: for each channel what is drawn and twice its difference from the target, then D.
template <int channels, Blend blend>
struct RemovalPlanes {
    using P = Passes<channels, blend>;
    static constexpr int count = 2 * channels + 1;
    static constexpr float nowhere = 1e30F;  // D of samples outside the band: a / D is 0 there

    static float* at(Scratch& memory, std::ptrdiff_t place) { return memory.planes + place * count * lanes; }

    HWY_INLINE static void clear(const Block& block, Scratch& memory) {
        if (block.width == block_size && block.height == block_size && block.top == 0) return;
        const D d;
        for (std::ptrdiff_t place = 0; place < strips * block_size; ++place) {
            float* planes = at(memory, place);
            for (int p = 0; p < 2 * channels; ++p) hn::Store(hn::Zero(d), d, planes + p * lanes);
            hn::Store(hn::Set(d, nowhere), d, planes + 2 * channels * lanes);
        }
    }

    const Block& block;
    const TargetRows<channels>& target;
    Scratch& memory;

    HWY_INLINE void operator()(int strip, int row, const typename P::Tile& tile) const {
        const D d;
        const int columns = columns_of(block, strip);
        const int rows = std::min(tile_rows, block.height - row);
        const auto inside = hn::FirstN(d, static_cast<std::size_t>(columns));
        for (int r = 0; r < rows; ++r) {
            if (row + r < block.top) continue;
            V wanted[channels];
            target.read(strip, row + r, columns, wanted);
            V normaliser = hn::Set(d, 1.0F);
            if constexpr (P::normalise) normaliser = tile.sum[r][channels] + hn::Set(d, block.job.eps);
            float* planes = at(memory, strip * block_size + row + r);
            for (int c = 0; c < channels; ++c) {
                const V out = tile.sum[r][c] / normaliser;
                const V difference = out - wanted[c];
                hn::Store(out, d, planes + 2 * c * lanes);
                hn::Store(hn::IfThenElseZero(inside, difference + difference), d, planes + (2 * c + 1) * lanes);
            }
            hn::Store(hn::IfThenElse(inside, normaliser, hn::Set(d, nowhere)), d, planes + 2 * channels * lanes);
        }
    }
};

template <int channels, Blend blend>
struct Removal {
    using Planes = RemovalPlanes<channels, blend>;

    HWY_NOINLINE static void run(const Block& block, Scratch& memory, const LossJob& loss, float* slots) {
        prefetch_target(block, loss);
        Planes::clear(block, memory);
        SegmentBuilder<channels>(block, memory).build();
        const TargetRows<channels> target(block, loss, memory);
        Planes::P::forward(block, memory, Planes{block, target, memory});
        const D d;
        const std::int32_t* first_segment = memory.first_segment.data();
        for (int i = 0; i < block.count; ++i) {
            V cost = hn::Zero(d);
            for (std::int32_t k = first_segment[i]; k < first_segment[i + 1]; ++k)
                cost = cost + of_segment(block, memory, k);
            float& slot = slots[block.entries[i].slot];
            slot = (block.first_channel == 0 ? 0.0F : slot) + hn::GetLane(hn::SumOfLanes(d, cost));
        }
    }

private:
    HWY_INLINE static V of_segment(const Block& block, Scratch& memory, std::int32_t index) {
        const D d;
        const Segment& segment = memory.segments.data()[index];
        const V smallest = hn::Set(d, block.job.bins->smallest_weight());
        const SplatLine& line = block.line(segment.entry);
        const Exponent exponent(line, hn::Iota(d, segment.x));
        const float y = 0.5F - block.center_y(line);
        const V decay = hn::Set(d, segment.decay);
        V weight = hn::Load(d, memory.seeds.data()[index].weight);
        V ratio = hn::Load(d, memory.seeds.data()[index].ratio);
        V cost = hn::Zero(d);
        const float* planes = Planes::at(memory, segment.place);
        for (int r = segment.first; r < segment.last; ++r, planes += Planes::count * lanes) {
            if (HWY_UNLIKELY(segment.direct)) weight = exp2(exponent.at(static_cast<float>(r) + y));
            cost = cost + of_row(block, segment, counted(weight, smallest), planes);
            weight = weight * ratio;
            ratio = ratio * decay;
        }
        return cost;
    }

    /// With e = q (out - f) the error grows by e (e + 2 (out - target)).
    HWY_INLINE static V of_row(const Block& block, const Segment& segment, V weight, const float* planes) {
        const D d;
        const V normaliser = hn::Load(d, planes + 2 * channels * lanes);
        V q = weight;
        if constexpr (blend == Blend::sum) {
            q = hn::IfThenElseZero(hn::Lt(normaliser, hn::Set(d, Planes::nowhere)), weight);
        } else {
            q = weight / hn::Max(normaliser - weight, hn::Set(d, block.job.eps));
        }
        V cost = hn::Zero(d);
        GSFIT_UNROLL
        for (int c = 0; c < channels; ++c) {
            const V feature = hn::Set(d, segment.feature[c]);
            const V out = blend == Blend::sum ? hn::Zero(d) : hn::Load(d, planes + 2 * c * lanes);
            const V change = q * (out - feature);
            cost = hn::MulAdd(change, change + hn::Load(d, planes + (2 * c + 1) * lanes), cost);
        }
        return cost;
    }
};

void removal(const RasterJob& job, std::int64_t index, const LossJob& loss, float* slots) {
    Block block(job, index);
    if (job.blend == Blend::sum) {
        for_each_group<Removal, Blend::sum>(block, loss, slots);
    } else {
        for_each_group<Removal, Blend::norm>(block, loss, slots);
    }
}

}  // namespace gsfit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gsfit {

HWY_EXPORT(removal);

void removal_costs_of_block(const RasterJob& job, std::int64_t block, const LossJob& loss, float* slots) {
    HWY_DYNAMIC_DISPATCH(removal)(job, block, loss, slots);
}

}  // namespace gsfit
#endif
