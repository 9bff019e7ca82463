// Vectors of float from and to float16 in memory. For kernel files that are compiled for each SIMD target: included
// after hwy/highway.h.

#if defined(GSFIT_CORE_HALF_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef GSFIT_CORE_HALF_INL_H
#undef GSFIT_CORE_HALF_INL_H
#else
#define GSFIT_CORE_HALF_INL_H
#endif

#include <cstdint>

HWY_BEFORE_NAMESPACE();
namespace gsfit::HWY_NAMESPACE {

#if HWY_TARGET <= HWY_AVX2

template <class DF>
HWY_INLINE hwy::HWY_NAMESPACE::Vec<DF> load_half(DF d, const std::uint16_t* from) {
    namespace hn = hwy::HWY_NAMESPACE;
    const hn::Rebind<hwy::float16_t, DF> dh;
    return hn::PromoteTo(d, hn::LoadU(dh, reinterpret_cast<const hwy::float16_t*>(from)));
}

/// To nearest, ties to even; infinity from 65520 on; NaN stays NaN.
template <class DF>
HWY_INLINE void store_half(hwy::HWY_NAMESPACE::Vec<DF> v, DF, std::uint16_t* to) {
    namespace hn = hwy::HWY_NAMESPACE;
    const hn::Rebind<hwy::float16_t, DF> dh;
    hn::StoreU(hn::DemoteTo(dh, v), dh, reinterpret_cast<hwy::float16_t*>(to));
}

#else

// Highway's own emulation truncates and makes finite numbers of infinity and NaN. These are fp16_ieee_to_fp32_value and
// fp16_ieee_from_fp32_value of Maratyszcza's FP16 library: float arithmetic moves the exponent, rounds and overflows.

template <class DF>
HWY_INLINE hwy::HWY_NAMESPACE::Vec<DF> load_half(DF d, const std::uint16_t* from) {
    namespace hn = hwy::HWY_NAMESPACE;
    const hn::RebindToUnsigned<DF> du;
    const auto half = hn::PromoteTo(du, hn::LoadU(hn::Rebind<std::uint16_t, DF>(), from));
    const auto sign = hn::ShiftLeft<31>(hn::ShiftRight<15>(half));
    const auto rest = hn::ShiftLeft<17>(half);
    const auto normal = hn::BitCast(d, hn::ShiftRight<4>(rest) + hn::Set(du, 0xE0U << 23)) * hn::Set(d, 0x1p-112F);
    const auto subnormal = hn::BitCast(d, hn::Or(hn::ShiftRight<17>(rest), hn::Set(du, 126U << 23))) - hn::Set(d, 0.5F);
    const auto is_subnormal = hn::RebindMask(d, hn::Lt(rest, hn::Set(du, 1U << 27)));
    return hn::Or(hn::IfThenElse(is_subnormal, subnormal, normal), hn::BitCast(d, sign));
}

/// To nearest, ties to even; infinity from 65520 on; NaN stays NaN.
template <class DF>
HWY_INLINE void store_half(hwy::HWY_NAMESPACE::Vec<DF> v, DF d, std::uint16_t* to) {
    namespace hn = hwy::HWY_NAMESPACE;
    const hn::RebindToUnsigned<DF> du;
    const hn::Rebind<std::uint16_t, DF> d16;
    const auto bits = hn::BitCast(du, v);
    const auto rest = bits + bits;
    const auto exponent = hn::Max(hn::And(rest, hn::Set(du, 0xFF000000U)), hn::Set(du, 0x71000000U));
    const auto scaled = hn::Abs(v) * hn::Set(d, 0x1p112F) * hn::Set(d, 0x1p-110F);
    const auto rounded =
        hn::BitCast(du, scaled + hn::BitCast(d, hn::ShiftRight<1>(exponent) + hn::Set(du, 0x07800000U)));
    const auto number =
        hn::And(hn::ShiftRight<13>(rounded), hn::Set(du, 0x7C00U)) + hn::And(rounded, hn::Set(du, 0xFFFU));
    const auto is_nan = hn::Gt(rest, hn::Set(du, 0xFF000000U));
    const auto magnitude = hn::IfThenElse(is_nan, hn::Set(du, 0x7E00U), number);
    const auto half = hn::Or(magnitude, hn::And(hn::ShiftRight<16>(bits), hn::Set(du, 0x8000U)));
    hn::StoreU(hn::DemoteTo(d16, hn::BitCast(hn::RebindToSigned<DF>(), half)), d16, to);
}

#endif

}  // namespace gsfit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
