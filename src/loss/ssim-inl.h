// What SSIM of a tile is made of, filtered from the two images; nothing is kept between tiles. Included once per SIMD
// target, by kernel files.
//
// With d = x - y and means under the window written E[.], SSIM is computed as
//     l * c,  l = 1 - E[d]^2 / A,  c = 1 - V / B,
//     A = E[x]^2 + E[y]^2 + C1,  B = E[x^2 + y^2] - E[x]^2 - E[y]^2 + C2,  V = E[d^2] - E[d]^2,
// which equals the usual quotient but does not cancel where the images are nearly the same.
#if defined(GSFIT_LOSS_SSIM_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef GSFIT_LOSS_SSIM_INL_H_
#undef GSFIT_LOSS_SSIM_INL_H_
#else
#define GSFIT_LOSS_SSIM_INL_H_
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <iterator>

#include "gsfit/core/ssim.h"
#include "loss/kernels.h"
#include "loss/rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gsfit::HWY_NAMESPACE {

constexpr std::int64_t taps = 2 * ssim_halo + 1;
static_assert(std::size(ssim_window) == taps);

/// `Count` planes of floats.
template <int Count, std::int64_t Rows, std::int64_t Columns>
struct Planes {
    static constexpr std::int64_t rows = Rows;
    static constexpr std::int64_t columns = padded(Columns);
    alignas(64) float at[Count][Rows][columns];
};

/// The window over 11 values that lie `step` floats apart.
HWY_INLINE V filter(const float* first, std::int64_t step) {
    const D d;
    V sum = hn::Mul(hn::Set(d, ssim_window[0]), hn::LoadU(d, first));
    for (std::int64_t k = 1; k < taps; ++k) {
        sum = hn::MulAdd(hn::Set(d, ssim_window[k]), hn::LoadU(d, first + k * step), sum);
    }
    return sum;
}

/// What SSIM is made of: x, d = x - y, x^2 + y^2, d^2.
enum Map { map_x, map_d, map_squares, map_d2, map_count };

/// The four maps of out.rows rows from (row, column) on, filtered along the rows; the first value of a row of `out` is
/// the window around column + 5. Zero for rows that the image does not hold.
template <class Out>
HWY_INLINE void filter_rows(const Comparison& comparison, int channel, std::int64_t row, std::int64_t column,
                            std::int64_t rows, Out& out) {
    constexpr std::int64_t width = Out::columns + padded(2 * ssim_halo);
    const D d;
    const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
    Planes<map_count, 1, width> maps;
    alignas(64) float target[width];
    for (std::int64_t r = 0; r < rows; ++r) {
        if (!comparison.image.has(row + r)) {
            for (auto& plane : out.at) std::fill(plane[r], plane[r] + Out::columns, 0.0F);
            continue;
        }
        read_rows<width>(comparison, channel, row + r, column, maps.at[map_x][0], target);
        for (std::int64_t c = 0; c < width; c += lanes) {
            const V x = hn::Load(d, maps.at[map_x][0] + c);
            const V y = hn::Load(d, target + c);
            const V difference = hn::Sub(x, y);
            hn::Store(difference, d, maps.at[map_d][0] + c);
            hn::Store(hn::MulAdd(x, x, hn::Mul(y, y)), d, maps.at[map_squares][0] + c);
            hn::Store(hn::Mul(difference, difference), d, maps.at[map_d2][0] + c);
        }
        for (int m = 0; m < map_count; ++m) {
            for (std::int64_t c = 0; c < Out::columns; c += lanes) {
                hn::Store(filter(maps.at[m][0] + c, 1), d, out.at[m][r] + c);
            }
        }
    }
}

/// The quantities of the note at the top, of one vector of samples.
struct Terms {
    V mean_x, mean_d;
    V a, b;
    V not_l, not_c;  ///< 1 - l, 1 - c
};

template <class Maps>
HWY_INLINE Terms terms_at(const Maps& maps, std::int64_t row, std::int64_t column) {
    const D d;
    const auto mean = [&](Map m) HWY_ATTR { return filter(&maps.at[m][row][column], Maps::columns); };
    Terms t;
    t.mean_x = mean(map_x);
    t.mean_d = mean(map_d);
    const V mean_y = hn::Sub(t.mean_x, t.mean_d);
    const V squared_means = hn::MulAdd(t.mean_x, t.mean_x, hn::Mul(mean_y, mean_y));
    const V squared_mean_d = hn::Mul(t.mean_d, t.mean_d);
    t.a = hn::Add(squared_means, hn::Set(d, ssim_c1));
    t.b = hn::Add(hn::Sub(mean(map_squares), squared_means), hn::Set(d, ssim_c2));
    t.not_l = hn::Div(squared_mean_d, t.a);
    t.not_c = hn::Div(hn::Sub(mean(map_d2), squared_mean_d), t.b);
    return t;
}

}  // namespace gsfit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
