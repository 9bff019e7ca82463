// What SSIM of a tile is made of, filtered from the two images; nothing is kept between tiles. Included once per SIMD
// target, by kernel files.
//
// With d = x - y and means under the window written E[.], SSIM is computed as
//     l * c,  l = 1 - E[d]^2 / A,  c = 1 - V / B,
//     A = E[x]^2 + E[y]^2 + C1,  B = E[x^2 + y^2] - E[x]^2 - E[y]^2 + C2,  V = E[d^2] - E[d]^2,
// which equals the usual quotient but does not cancel where the images are nearly the same.
//
// Rows are combed: with n vectors a row, lane i of vector v is column i n + v. So neighbours in a row are neighbouring
// vectors, and the window slides along a row as it does down the rows, without unaligned loads.
#if defined(GSFIT_LOSS_SSIM_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef GSFIT_LOSS_SSIM_INL_H_
#undef GSFIT_LOSS_SSIM_INL_H_
#else
#define GSFIT_LOSS_SSIM_INL_H_
#endif

#include <hwy/cache_control.h>
#include <hwy/highway.h>

#include <algorithm>
#include <iterator>

#include "gsfit/core/ssim.h"
#include "gsfit/core/unroll.h"
#include "loss/kernels.h"
#include "loss/rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gsfit::HWY_NAMESPACE {

constexpr std::int64_t taps = 2 * ssim_halo + 1;
static_assert(std::size(ssim_window) == taps);

constexpr auto lanes = static_cast<std::int64_t>(hn::MaxLanes(D()));

/// Vectors, or rows, that are filtered at once: their windows share what they load.
constexpr std::int64_t group = 4;
constexpr std::int64_t grouped(std::int64_t count) { return (count + group - 1) / group * group; }

/// Columns of a row that a tile needs: whole groups of the longest vectors.
constexpr std::int64_t row_floats = tile_columns + 4 * ssim_halo;
static_assert(row_floats % (group * lanes_max) == 0 && row_floats >= grouped(taps - 1) * lanes_max);

/// Vectors of a tile's rows: whole groups, as many at least as the window reaches beyond one.
constexpr std::int64_t vectors_of(const Tile& tile) {
    return grouped(std::max(taps - 1, (tile.columns + 4 * ssim_halo + lanes - 1) / lanes));
}

/// Combed rows of `Count` planes.
template <int Count, std::int64_t Rows>
struct Planes {
    alignas(64) float at[Count][Rows][row_floats];
};

/// A combed row that goes on beyond its end by what a window needs: the columns after a lane's last are the first of
/// the next lane. The last lane has no next: what it holds there belongs to no column.
struct LongRow {
    alignas(64) float at[row_floats + (taps - 1) * lanes];

    HWY_INLINE void extend(std::int64_t vectors) {
        const D d;
        for (std::int64_t v = 0; v < taps - 1; ++v) {
            hn::Store(hn::LoadU(d, at + v * lanes + 1), d, at + (vectors + v) * lanes);
        }
    }
};

/// Blocks of four floats `step` apart, as one vector.
template <class DV>
HWY_INLINE hn::Vec<DV> load_blocks(DV d, const float* first, std::int64_t step) {
    if constexpr (hn::MaxLanes(DV()) == 4) {
        return hn::LoadU(d, first);
    } else {
        const hn::Half<DV> half;
        constexpr auto blocks = static_cast<std::int64_t>(hn::MaxLanes(DV()) / 8);
        return hn::Combine(d, load_blocks(half, first + blocks * step, step), load_blocks(half, first, step));
    }
}

template <class DV>
HWY_INLINE void store_blocks(DV d, hn::Vec<DV> v, float* first, std::int64_t step) {
    if constexpr (hn::MaxLanes(DV()) == 4) {
        hn::StoreU(v, d, first);
    } else {
        const hn::Half<DV> half;
        constexpr auto blocks = static_cast<std::int64_t>(hn::MaxLanes(DV()) / 8);
        store_blocks(half, hn::LowerHalf(half, v), first, step);
        store_blocks(half, hn::UpperHalf(half, v), first + blocks * step, step);
    }
}

/// Transposes the 4 x 4 floats of each block.
HWY_INLINE void transpose(V (&v)[4]) {
    const D d;
    const V even_low = hn::InterleaveLower(d, v[0], v[2]);
    const V odd_low = hn::InterleaveLower(d, v[1], v[3]);
    const V even_high = hn::InterleaveUpper(d, v[0], v[2]);
    const V odd_high = hn::InterleaveUpper(d, v[1], v[3]);
    v[0] = hn::InterleaveLower(d, even_low, odd_low);
    v[1] = hn::InterleaveUpper(d, even_low, odd_low);
    v[2] = hn::InterleaveLower(d, even_high, odd_high);
    v[3] = hn::InterleaveUpper(d, even_high, odd_high);
}

HWY_INLINE void comb(const float* row, std::int64_t vectors, float* combed) {
    const D d;
    for (std::int64_t v = 0; v < vectors; v += 4) {
        V four[4];
        GSFIT_UNROLL
        for (std::int64_t i = 0; i < 4; ++i) four[i] = load_blocks(d, row + i * vectors + v, 4 * vectors);
        transpose(four);
        GSFIT_UNROLL
        for (std::int64_t i = 0; i < 4; ++i) hn::Store(four[i], d, combed + (v + i) * lanes);
    }
}

HWY_INLINE void uncomb(const float* combed, std::int64_t vectors, float* row) {
    const D d;
    for (std::int64_t v = 0; v < vectors; v += 4) {
        V four[4];
        GSFIT_UNROLL
        for (std::int64_t i = 0; i < 4; ++i) four[i] = hn::Load(d, combed + (v + i) * lanes);
        transpose(four);
        GSFIT_UNROLL
        for (std::int64_t i = 0; i < 4; ++i) store_blocks(d, four[i], row + i * vectors + v, 4 * vectors);
    }
}

/// Lanes of vector v whose column is one of [first, last).
HWY_INLINE hn::Mask<D> columns_within(std::int64_t first, std::int64_t last, std::int64_t vectors, std::int64_t v) {
    const D d;
    const V column =
        hn::MulAdd(hn::Iota(d, 0.0F), hn::Set(d, static_cast<float>(vectors)), hn::Set(d, static_cast<float>(v)));
    return hn::And(hn::Ge(column, hn::Set(d, static_cast<float>(first))),
                   hn::Lt(column, hn::Set(d, static_cast<float>(last))));
}

/// The windows, which are symmetric, over 11 vectors `step` floats apart: the first from `first` on, the next a step
/// on.
HWY_INLINE void filter(const float* first, std::int64_t step, V (&out)[group]) {
    const D d;
    V values[group + taps - 1];
    GSFIT_UNROLL
    for (std::int64_t k = 0; k < group + taps - 1; ++k) values[k] = hn::Load(d, first + k * step);
    GSFIT_UNROLL
    for (std::int64_t r = 0; r < group; ++r) {
        out[r] = hn::Mul(hn::Set(d, ssim_window[ssim_halo]), values[r + ssim_halo]);
        GSFIT_UNROLL
        for (std::int64_t k = 0; k < ssim_halo; ++k) {
            const V pair = hn::Add(values[r + k], values[r + taps - 1 - k]);
            out[r] = hn::MulAdd(hn::Set(d, ssim_window[k]), pair, out[r]);
        }
    }
}

/// The window around column + 5 for each column of a row.
HWY_INLINE void filter_along(const LongRow& row, std::int64_t vectors, float* out) {
    for (std::int64_t v = 0; v < vectors; v += group) {
        V means[group];
        filter(row.at + v * lanes, lanes, means);
        GSFIT_UNROLL
        for (std::int64_t i = 0; i < group; ++i) hn::Store(means[i], D(), out + (v + i) * lanes);
    }
}

/// What SSIM is made of: x, d = x - y, x^2 + y^2, d^2.
enum Map { map_x, map_d, map_squares, map_d2, map_count };

/// The next row lies pages away: without this its memory is waited for.
HWY_INLINE void prefetch_row(const Planar<const std::byte>& image, int channel, std::int64_t row, std::int64_t column) {
    if (!image.has(row)) return;
    const std::byte* first = image.at(channel, row, std::max<std::int64_t>(0, column));
    for (std::ptrdiff_t byte = 0; byte < row_floats * (image.half ? 2 : 4); byte += 64) hwy::Prefetch(first + byte);
}

/// The four maps of a row from `column` on.
HWY_INLINE void read_maps(const Comparison& comparison, int channel, std::int64_t row, std::int64_t column,
                          std::int64_t vectors, LongRow (&maps)[map_count]) {
    const D d;
    alignas(64) float image[row_floats];
    alignas(64) float target[row_floats];
    read_rows<row_floats>(comparison, channel, row, column, image, target);
    prefetch_row(comparison.image, channel, row + 1, column);
    for (std::int64_t c = 0; c < row_floats; c += lanes) {
        hn::Store(hn::Sub(hn::Load(d, image + c), hn::Load(d, target + c)), d, target + c);
    }
    comb(image, vectors, maps[map_x].at);
    comb(target, vectors, maps[map_d].at);
    for (const Map m : {map_x, map_d}) maps[m].extend(vectors);
    for (std::int64_t v = 0; v < vectors + taps - 1; ++v) {
        const V x = hn::Load(d, maps[map_x].at + v * lanes);
        const V difference = hn::Load(d, maps[map_d].at + v * lanes);
        const V y = hn::Sub(x, difference);
        hn::Store(hn::MulAdd(x, x, hn::Mul(y, y)), d, maps[map_squares].at + v * lanes);
        hn::Store(hn::Mul(difference, difference), d, maps[map_d2].at + v * lanes);
    }
}

/// The quantities of the note at the top, of one vector of samples; 1 / A and 1 / B.
struct Terms {
    V mean_x, mean_d;
    V inv_a, inv_b;
    V not_l, not_c;  ///< 1 - l, 1 - c
};

HWY_INLINE Terms terms_of(V mean_x, V mean_d, V mean_squares, V mean_d2) {
    const D d;
    const V one = hn::Set(d, 1.0F);
    const V mean_y = hn::Sub(mean_x, mean_d);
    const V squared_means = hn::MulAdd(mean_x, mean_x, hn::Mul(mean_y, mean_y));
    const V squared_mean_d = hn::Mul(mean_d, mean_d);
    const V inv_a = hn::Div(one, hn::Add(squared_means, hn::Set(d, ssim_c1)));
    const V inv_b = hn::Div(one, hn::Add(hn::Sub(mean_squares, squared_means), hn::Set(d, ssim_c2)));
    return {.mean_x = mean_x,
            .mean_d = mean_d,
            .inv_a = inv_a,
            .inv_b = inv_b,
            .not_l = hn::Mul(squared_mean_d, inv_a),
            .not_c = hn::Mul(hn::Sub(mean_d2, squared_mean_d), inv_b)};
}

/// Of vector v of a group of rows from `row` on.
template <class Maps>
HWY_INLINE void terms_at(const Maps& maps, std::int64_t row, std::int64_t v, Terms (&terms)[group]) {
    V means[map_count][group];
    GSFIT_UNROLL
    for (int m = 0; m < map_count; ++m) filter(maps.at[m][row] + v * lanes, row_floats, means[m]);
    GSFIT_UNROLL
    for (std::int64_t r = 0; r < group; ++r) {
        terms[r] = terms_of(means[map_x][r], means[map_d][r], means[map_squares][r], means[map_d2][r]);
    }
}

/// 1 - SSIM = 1 - l c
HWY_INLINE V dissimilar(const Terms& t) { return hn::NegMulAdd(t.not_l, t.not_c, hn::Add(t.not_l, t.not_c)); }

}  // namespace gsfit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
