// Transposing in registers. For kernel files that are compiled for each SIMD target: included after hwy/highway.h.

#if defined(GSFIT_CORE_TRANSPOSE_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef GSFIT_CORE_TRANSPOSE_INL_H
#undef GSFIT_CORE_TRANSPOSE_INL_H
#else
#define GSFIT_CORE_TRANSPOSE_INL_H
#endif

#include <cstdint>

HWY_BEFORE_NAMESPACE();
namespace gsfit::HWY_NAMESPACE {

/// Blocks of four floats `step` apart, as one vector.
template <class DF>
HWY_INLINE hwy::HWY_NAMESPACE::Vec<DF> load_blocks(DF d, const float* first, std::int64_t step) {
    namespace hn = hwy::HWY_NAMESPACE;
    if constexpr (hn::MaxLanes(DF()) == 4) {
        return hn::LoadU(d, first);
    } else {
        const hn::Half<DF> half;
        constexpr auto blocks = static_cast<std::int64_t>(hn::MaxLanes(DF()) / 8);
        return hn::Combine(d, load_blocks(half, first + blocks * step, step), load_blocks(half, first, step));
    }
}

template <class DF>
HWY_INLINE void store_blocks(DF d, hwy::HWY_NAMESPACE::Vec<DF> v, float* first, std::int64_t step) {
    namespace hn = hwy::HWY_NAMESPACE;
    if constexpr (hn::MaxLanes(DF()) == 4) {
        hn::StoreU(v, d, first);
    } else {
        const hn::Half<DF> half;
        constexpr auto blocks = static_cast<std::int64_t>(hn::MaxLanes(DF()) / 8);
        store_blocks(half, hn::LowerHalf(half, v), first, step);
        store_blocks(half, hn::UpperHalf(half, v), first + blocks * step, step);
    }
}

/// Transposes the 4 x 4 floats of each block.
template <class DF>
HWY_INLINE void transpose_blocks(DF d, hwy::HWY_NAMESPACE::Vec<DF> (&v)[4]) {
    namespace hn = hwy::HWY_NAMESPACE;
    const auto even_low = hn::InterleaveLower(d, v[0], v[2]);
    const auto odd_low = hn::InterleaveLower(d, v[1], v[3]);
    const auto even_high = hn::InterleaveUpper(d, v[0], v[2]);
    const auto odd_high = hn::InterleaveUpper(d, v[1], v[3]);
    v[0] = hn::InterleaveLower(d, even_low, odd_low);
    v[1] = hn::InterleaveUpper(d, even_low, odd_low);
    v[2] = hn::InterleaveLower(d, even_high, odd_high);
    v[3] = hn::InterleaveUpper(d, even_high, odd_high);
}

}  // namespace gsfit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
