// Sorting networks of vectors: each lane is sorted for itself. Compiled once for each SIMD target.

#if defined(GSFIT_RASTER_NETWORK_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef GSFIT_RASTER_NETWORK_INL_H
#undef GSFIT_RASTER_NETWORK_INL_H
#else
#define GSFIT_RASTER_NETWORK_INL_H
#endif

#include <array>
#include <cstddef>
#include <utility>

#include "raster/block-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gsfit::HWY_NAMESPACE {

/// What comes first.
enum class From { largest, smallest };

template <From from>
HWY_INLINE V first_of(V a, V b) {
    return from == From::largest ? hn::Max(a, b) : hn::Min(a, b);
}

template <From from>
HWY_INLINE void order(V& a, V& b) {
    const V first = first_of<from>(a, b);
    b = from == From::largest ? hn::Min(a, b) : hn::Max(a, b);
    a = first;
}

/// Which places of n values are put in order, one pair after the other.
template <int n>
struct Comparators {
    std::array<std::pair<int, int>, static_cast<std::size_t>(n) * n> pairs{};
    std::size_t count = 0;

    constexpr void add(int first, int second) { pairs[count++] = {first, second}; }
};

/// Sorts any n values: odd-even merge sort (Batcher, Sorting networks and their applications, 1968).
template <int n>
struct SortingNetwork {
    static constexpr auto comparators = [] {
        Comparators<n> network;
        for (int merged = 1; merged < n; merged *= 2) {
            for (int apart = merged; apart >= 1; apart /= 2) {
                for (int i = apart % merged; i + apart < n; ++i) {
                    const bool lower = (i - apart % merged) / apart % 2 == 0;
                    if (lower && i / (2 * merged) == (i + apart) / (2 * merged)) network.add(i, i + apart);
                }
            }
        }
        return network;
    }();
};

/// Sorts n values that first fall and then rise in order, as a bitonic sorter does: those that would make them a power
/// of two come before all others.
template <int n>
struct MergingNetwork {
    static constexpr auto comparators = [] {
        int all = 1;
        while (all < n) all *= 2;
        Comparators<n> network;
        for (int apart = all / 2; apart >= 1; apart /= 2) {
            for (int i = 0; i + apart < n; ++i) {
                if ((i + all - n) / apart % 2 == 0) network.add(i, i + apart);
            }
        }
        return network;
    }();
};

template <class Network, From from, int n, std::size_t... i>
HWY_INLINE void apply([[maybe_unused]] V (&values)[n], std::index_sequence<i...> /*all*/) {
    (order<from>(values[Network::comparators.pairs[i].first], values[Network::comparators.pairs[i].second]), ...);
}

/// Unrolled whole, so that the values stay in registers.
template <template <int> class Network, From from, int n>
HWY_INLINE void apply(V (&values)[n]) {
    apply<Network<n>, from>(values, std::make_index_sequence<Network<n>::comparators.count>());
}

}  // namespace gsfit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
