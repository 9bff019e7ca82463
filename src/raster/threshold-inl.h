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
#include "raster/network-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gsfit::HWY_NAMESPACE {

constexpr int tile_lanes = tile_rows * lanes;  // samples of a tile

/// Adds vectors of weights to the n first of those before.
template <From from, int n>
class FirstWeights {
public:
    HWY_INLINE FirstWeights() {
        GSFIT_UNROLL
        for (V& weight : first_) {
            weight = hn::Set(D(), from == From::largest ? 0.0F : std::numeric_limits<float>::max());
        }
    }

    HWY_INLINE void add(V weight) {
        GSFIT_UNROLL
        for (int k = 0; k < n; ++k) order<from>(first_[k], weight);
    }

    /// Of two sorted lists the one's first and the other's last are compared: what is left falls, then rises in order.
    template <int count>
    HWY_INLINE void add(V (&weights)[count]) {
        apply<SortingNetwork, from>(weights);
        GSFIT_UNROLL
        for (int k = 0; k < (n < count ? n : count); ++k) {
            first_[n - 1 - k] = first_of<from>(first_[n - 1 - k], weights[k]);
        }
        apply<MergingNetwork, from>(first_);
    }

    [[nodiscard]] HWY_INLINE V last() const { return first_[n - 1]; }

private:
    V first_[n];
};

/// The n-th largest, or smallest, of a tile's weights [count][tile_lanes] for each sample.
template <From from, int n>
void nth_weight(const float* weights, int count, float* result) {
    constexpr int together = 8;
    const D d;
    for (int row = 0; row < tile_rows; ++row) {
        FirstWeights<from, n> first;
        const float* next = weights + row * lanes;
        int left = count;
        for (; left >= together; left -= together) {
            V group[together];
            GSFIT_UNROLL
            for (V& weight : group) {
                weight = hn::Load(d, next);
                next += tile_lanes;
            }
            first.add(group);
        }
        for (; left > 0; --left, next += tile_lanes) first.add(hn::Load(d, next));
        hn::Store(first.last(), d, result + row * lanes);
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
