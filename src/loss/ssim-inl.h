// What SSIM of a tile is made of (gsfit/core/ssim-inl.h), filtered from the two images; nothing is kept between tiles.
// Included once per SIMD target, by kernel files.
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

#include "gsfit/core/ssim-inl.h"
#include "gsfit/core/transpose-inl.h"
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

HWY_INLINE void comb(const float* row, std::int64_t vectors, float* combed) {
    const D d;
    for (std::int64_t v = 0; v < vectors; v += 4) {
        V four[4];
        GSFIT_UNROLL
        for (std::int64_t i = 0; i < 4; ++i) four[i] = load_blocks(d, row + i * vectors + v, 4 * vectors);
        transpose_blocks(d, four);
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
        transpose_blocks(d, four);
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

using Terms = SsimTerms<V>;

/// Of vector v of a group of rows from `row` on.
template <class Maps>
HWY_INLINE void terms_at(const Maps& maps, std::int64_t row, std::int64_t v, Terms (&terms)[group]) {
    V means[map_count][group];
    GSFIT_UNROLL
    for (int m = 0; m < map_count; ++m) filter(maps.at[m][row] + v * lanes, row_floats, means[m]);
    GSFIT_UNROLL
    for (std::int64_t r = 0; r < group; ++r) {
        terms[r] = ssim_terms(D(), means[map_x][r], means[map_d][r], means[map_squares][r], means[map_d2][r]);
    }
}

}  // namespace gsfit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
