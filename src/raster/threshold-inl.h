// Which of a sample's weights blend `topk_norm` takes. Compiled once for each SIMD target.

#if defined(GSFIT_RASTER_THRESHOLD_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef GSFIT_RASTER_THRESHOLD_INL_H
#undef GSFIT_RASTER_THRESHOLD_INL_H
#else
#define GSFIT_RASTER_THRESHOLD_INL_H
#endif

#include <array>
#include <limits>
#include <utility>

#include "raster/block-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gsfit::HWY_NAMESPACE {

constexpr int tile_lanes = tile_rows * lanes;  // samples of a tile

enum class From { largest, smallest };

/// The n-th largest, or smallest, of a tile's weights [count][tile_lanes] for each sample, by insertion into the n best
/// so far.
template <From from, int n>
void nth_weight(const float* weights, int count, float* result) {
    const D d;
    for (int row = 0; row < tile_rows; ++row) {
        V best[n];
        GSFIT_UNROLL
        for (int k = 0; k < n; ++k) {
            best[k] = from == From::largest ? hn::Zero(d) : hn::Set(d, std::numeric_limits<float>::max());
        }
        const float* next = weights + row * lanes;
        for (int i = 0; i < count; ++i, next += tile_lanes) {
            V weight = hn::Load(d, next);
            GSFIT_UNROLL
            for (int k = 0; k < n; ++k) {
                const V low = hn::Min(best[k], weight);
                const V high = hn::Max(best[k], weight);
                best[k] = from == From::largest ? high : low;
                weight = from == From::largest ? low : high;
            }
        }
        hn::Store(best[n - 1], d, result + row * lanes);
    }
}

using NthWeight = void (*)(const float* weights, int count, float* result);

template <From from, int... before>
constexpr std::array<NthWeight, sizeof...(before)> nth_weights(std::integer_sequence<int, before...> /*all*/) {
    return {&nth_weight<from, before + 1>...};
}

/// The topk-th largest of each sample's weights [count][tile_lanes]; `smallest` where fewer are that large.
HWY_INLINE void find_thresholds(const float* weights, int count, int topk, V smallest, float* thresholds) {
    constexpr auto all = std::make_integer_sequence<int, max_topk>();
    static constexpr auto nth_largest = nth_weights<From::largest>(all);
    static constexpr auto nth_smallest = nth_weights<From::smallest>(all);
    const D d;
    const int above = count - topk;
    if (above >= topk) {
        nth_largest[static_cast<std::size_t>(topk - 1)](weights, count, thresholds);
    } else if (above > 0) {
        nth_smallest[static_cast<std::size_t>(above)](weights, count, thresholds);
    }
    for (int row = 0; row < tile_rows; ++row, thresholds += lanes) {
        hn::Store(above > 0 ? hn::Max(smallest, hn::Load(d, thresholds)) : smallest, d, thresholds);
    }
}

}  // namespace gsfit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
