// SSIM and its derivatives from means under a window. For kernel files that are compiled for each SIMD target: included
// after hwy/highway.h.
//
// With d = x - y and means under the window written E[.], SSIM is computed as
//     l * c,  l = 1 - E[d]^2 / A,  c = 1 - V / B,
//     A = E[x]^2 + E[y]^2 + C1,  B = E[x^2 + y^2] - E[x]^2 - E[y]^2 + C2,  V = E[d^2] - E[d]^2,
// which equals the usual quotient but does not cancel where the images are nearly the same.

#if defined(GSFIT_CORE_SSIM_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef GSFIT_CORE_SSIM_INL_H
#undef GSFIT_CORE_SSIM_INL_H
#else
#define GSFIT_CORE_SSIM_INL_H
#endif

#include "gsfit/core/ssim.h"

HWY_BEFORE_NAMESPACE();
namespace gsfit::HWY_NAMESPACE {

/// The quantities of the note at the top, of one vector of windows; 1 / A and 1 / B.
template <class VF>
struct SsimTerms {
    VF mean_x, mean_d;
    VF inv_a, inv_b;
    VF not_l, not_c;  ///< 1 - l, 1 - c
};

template <class DF, class VF = hwy::HWY_NAMESPACE::Vec<DF>>
HWY_INLINE SsimTerms<VF> ssim_terms(DF d, VF mean_x, VF mean_d, VF mean_squares, VF mean_d2) {
    namespace hn = hwy::HWY_NAMESPACE;
    const VF one = hn::Set(d, 1.0F);
    const VF mean_y = hn::Sub(mean_x, mean_d);
    const VF squared_means = hn::MulAdd(mean_x, mean_x, hn::Mul(mean_y, mean_y));
    const VF squared_mean_d = hn::Mul(mean_d, mean_d);
    const VF inv_a = hn::Div(one, hn::Add(squared_means, hn::Set(d, ssim_c1)));
    const VF inv_b = hn::Div(one, hn::Add(hn::Sub(mean_squares, squared_means), hn::Set(d, ssim_c2)));
    return {.mean_x = mean_x,
            .mean_d = mean_d,
            .inv_a = inv_a,
            .inv_b = inv_b,
            .not_l = hn::Mul(squared_mean_d, inv_a),
            .not_c = hn::Mul(hn::Sub(mean_d2, squared_mean_d), inv_b)};
}

/// 1 - SSIM = 1 - l c
template <class VF>
HWY_INLINE VF dissimilar(const SsimTerms<VF>& t) {
    namespace hn = hwy::HWY_NAMESPACE;
    return hn::NegMulAdd(t.not_l, t.not_c, hn::Add(t.not_l, t.not_c));
}

/// Derivatives of SSIM with respect to E[x] (y and the other means held), E[x^2 + y^2] and E[d^2].
template <class VF>
struct SsimSlopes {
    VF by_x, by_squares, by_d2;
};

template <class DF, class VF = hwy::HWY_NAMESPACE::Vec<DF>>
HWY_INLINE SsimSlopes<VF> ssim_slopes(DF d, const SsimTerms<VF>& t) {
    namespace hn = hwy::HWY_NAMESPACE;
    const VF one = hn::Set(d, 1.0F);
    const VF l_over_b = hn::Mul(hn::Sub(one, t.not_l), t.inv_b);
    const VF contrast = hn::Sub(one, t.not_c);
    // dl = -2 (E[d] - E[x] (1 - l)) / A, dc = 2 (E[d] - E[x] (1 - c)) / B
    const VF dl = hn::Mul(hn::NegMulAdd(t.mean_x, t.not_l, t.mean_d), t.inv_a);
    const VF dc = hn::NegMulAdd(t.mean_x, t.not_c, t.mean_d);
    const VF half_dx = hn::Sub(hn::Mul(l_over_b, dc), hn::Mul(contrast, dl));
    return {.by_x = hn::Add(half_dx, half_dx), .by_squares = hn::Mul(l_over_b, t.not_c), .by_d2 = hn::Neg(l_over_b)};
}

/// Of a sample: d SSIM / dx, from the windows' slopes added up under their weights there; d = x - y.
template <class DF, class VF = hwy::HWY_NAMESPACE::Vec<DF>>
HWY_INLINE VF ssim_slope(DF d, const SsimSlopes<VF>& sums, VF x, VF difference) {
    namespace hn = hwy::HWY_NAMESPACE;
    const VF half = hn::MulAdd(x, sums.by_squares, hn::Mul(difference, sums.by_d2));
    return hn::MulAdd(hn::Set(d, 2.0F), half, sums.by_x);
}

}  // namespace gsfit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
