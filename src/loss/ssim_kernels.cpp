// SSIM and its gradient, a tile at a time: all that a tile needs is recomputed from the two images.
//
// With d = x - y and means under the window written E[.], SSIM is computed as
//     l * c,  l = 1 - E[d]^2 / A,  c = 1 - V / B,
//     A = E[x]^2 + E[y]^2 + C1,  B = E[x^2 + y^2] - E[x]^2 - E[y]^2 + C2,  V = E[d^2] - E[d]^2,
// which equals the usual quotient but does not cancel where the images are nearly the same.

#include "loss/ssim_kernels.h"

#include <algorithm>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "loss/ssim_kernels.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h.
#include <hwy/highway.h>

#include "loss/target_row-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gsfit::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using D = hn::CappedTag<float, 16>;
using V = hn::Vec<D>;

constexpr std::int64_t halo = 5;
constexpr std::int64_t taps = 2 * halo + 1;
/// exp(-k^2 / (2 * 1.5^2)), k = -5..5, divided by its sum.
constexpr float window[taps] = {0.0010283801F, 0.0075987581F, 0.0360007721F, 0.1093606895F,
                                0.2130055377F, 0.2660117249F, 0.2130055377F, 0.1093606895F,
                                0.0360007721F, 0.0075987581F, 0.0010283801F};
constexpr float c1 = 0.01F * 0.01F;
constexpr float c2 = 0.03F * 0.03F;

/// Widths of buffers are multiples of this, so that whole vectors can be stored.
constexpr std::int64_t lanes_max = 16;
constexpr std::int64_t padded(std::int64_t columns) { return (columns + lanes_max - 1) / lanes_max * lanes_max; }

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
    V sum = hn::Mul(hn::Set(d, window[0]), hn::LoadU(d, first));
    for (std::int64_t k = 1; k < taps; ++k) {
        sum = hn::MulAdd(hn::Set(d, window[k]), hn::LoadU(d, first + k * step), sum);
    }
    return sum;
}

/// Samples [column, column + count) of a row of both images, zero outside the lattice.
HWY_INLINE void read_rows(const Comparison& comparison, int channel, std::int64_t row, std::int64_t column,
                          std::int64_t count, float* HWY_RESTRICT image, float* HWY_RESTRICT target) {
    const Lattice& lattice = comparison.lattice;
    const std::int64_t begin = std::clamp<std::int64_t>(-column, 0, count);
    const std::int64_t end = std::clamp<std::int64_t>(lattice.width - column, begin, count);
    for (float* values : {image, target}) {
        std::fill(values, values + begin, 0.0F);
        std::fill(values + end, values + count, 0.0F);
    }
    std::memcpy(image + begin, comparison.image.row(channel, row) + column + begin,
                static_cast<std::size_t>(end - begin) * sizeof(float));
    read_target_row(comparison.target, lattice, channel, row, column + begin, end - begin, target + begin);
}

/// What SSIM is made of: x, d = x - y, x^2 + y^2, d^2.
enum Map { map_x, map_d, map_squares, map_d2, map_count };

/// The four maps of out.rows rows from (row, column) on, filtered along the rows; the first value of a row of `out` is
/// the window around column + 5.
template <class Out>
HWY_INLINE void filter_rows(const Comparison& comparison, int channel, std::int64_t row, std::int64_t column,
                            std::int64_t rows, Out& out) {
    constexpr std::int64_t width = Out::columns + padded(2 * halo);
    const D d;
    const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
    Planes<map_count, 1, width> maps;
    alignas(64) float target[width];
    for (std::int64_t r = 0; r < rows; ++r) {
        if (row + r < 0 || row + r >= comparison.lattice.height) {
            for (auto& plane : out.at) std::fill(plane[r], plane[r] + Out::columns, 0.0F);
            continue;
        }
        read_rows(comparison, channel, row + r, column, width, maps.at[map_x][0], target);
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
    t.a = hn::Add(squared_means, hn::Set(d, c1));
    t.b = hn::Add(hn::Sub(mean(map_squares), squared_means), hn::Set(d, c2));
    t.not_l = hn::Div(squared_mean_d, t.a);
    t.not_c = hn::Div(hn::Sub(mean(map_d2), squared_mean_d), t.b);
    return t;
}

double tile_sum(const Comparison& comparison, const SsimTile& tile) {
    const D d;
    const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
    const V one = hn::Set(d, 1.0F);
    Planes<map_count, ssim_tile_rows + 2 * halo, ssim_tile_columns> maps;
    double sum = 0;
    for (int channel = 0; channel < comparison.target.channels; ++channel) {
        filter_rows(comparison, channel, tile.row - halo, tile.column - halo, tile.rows + 2 * halo, maps);
        for (std::int64_t r = 0; r < tile.rows; ++r) {
            V row_sum = hn::Zero(d);
            for (std::int64_t c = 0; c < tile.columns; c += lanes) {
                const Terms t = terms_at(maps, r, c);
                const V ssim = hn::Mul(hn::Sub(one, t.not_l), hn::Sub(one, t.not_c));
                const auto inside = hn::FirstN(d, static_cast<std::size_t>(tile.columns - c));
                row_sum = hn::Add(row_sum, hn::IfThenElseZero(inside, ssim));
            }
            sum += static_cast<double>(hn::GetLane(hn::SumOfLanes(d, row_sum)));
        }
    }
    return sum;
}

/// Derivatives of SSIM with respect to E[x] (y and the other means held), E[x^2 + y^2] and E[d^2].
enum Derivative { by_x, by_squares, by_d2, derivative_count };

/// The derivatives around the tile, 5 samples on every side, zero outside the lattice.
template <class Maps, class Derivatives>
HWY_INLINE void differentiate(const Maps& maps, const Lattice& lattice, const SsimTile& tile, Derivatives& out) {
    const D d;
    const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
    const V one = hn::Set(d, 1.0F);
    for (std::int64_t r = 0; r < tile.rows + 2 * halo; ++r) {
        const std::int64_t row = tile.row - halo + r;
        const bool row_inside = row >= 0 && row < lattice.height;
        for (std::int64_t c = 0; c < Derivatives::columns; c += lanes) {
            const std::int64_t column = tile.column - halo + c;
            const std::int64_t begin = std::clamp<std::int64_t>(-column, 0, lanes);
            const std::int64_t end = row_inside ? std::clamp<std::int64_t>(lattice.width - column, 0, lanes) : 0;
            const auto inside = hn::AndNot(hn::FirstN(d, static_cast<std::size_t>(begin)),
                                           hn::FirstN(d, static_cast<std::size_t>(end)));
            const Terms t = terms_at(maps, r, c);
            const V l = hn::Sub(one, t.not_l);
            const V contrast = hn::Sub(one, t.not_c);
            const V l_over_b = hn::Div(l, t.b);
            const V two = hn::Set(d, 2.0F);
            // dl = -2 (E[d] - E[x] (1 - l)) / A, dc = 2 (E[d] - E[x] (1 - c)) / B
            const V dl = hn::Div(hn::NegMulAdd(t.mean_x, t.not_l, t.mean_d), t.a);
            const V dc = hn::NegMulAdd(t.mean_x, t.not_c, t.mean_d);
            const V dx = hn::Mul(two, hn::Sub(hn::Mul(l_over_b, dc), hn::Mul(contrast, dl)));
            hn::Store(hn::IfThenElseZero(inside, dx), d, out.at[by_x][r] + c);
            hn::Store(hn::IfThenElseZero(inside, hn::Mul(l_over_b, t.not_c)), d, out.at[by_squares][r] + c);
            hn::Store(hn::IfThenElseZero(inside, hn::Neg(l_over_b)), d, out.at[by_d2][r] + c);
        }
    }
}

void tile_gradient(const Comparison& comparison, const SsimTile& tile, float scale, float* gradient) {
    const D d;
    const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
    const Lattice& lattice = comparison.lattice;
    Planes<map_count, ssim_tile_rows + 4 * halo, ssim_tile_columns + 2 * halo> maps;
    Planes<derivative_count, ssim_tile_rows + 2 * halo, ssim_tile_columns + 2 * halo> derivatives;
    Planes<derivative_count, ssim_tile_rows + 2 * halo, ssim_tile_columns> filtered;
    alignas(64) float image[padded(ssim_tile_columns)];
    alignas(64) float target[padded(ssim_tile_columns)];
    for (int channel = 0; channel < comparison.target.channels; ++channel) {
        filter_rows(comparison, channel, tile.row - 2 * halo, tile.column - 2 * halo, tile.rows + 4 * halo, maps);
        differentiate(maps, lattice, tile, derivatives);
        for (int m = 0; m < derivative_count; ++m) {
            for (std::int64_t r = 0; r < tile.rows + 2 * halo; ++r) {
                for (std::int64_t c = 0; c < tile.columns; c += lanes) {
                    hn::Store(filter(derivatives.at[m][r] + c, 1), d, filtered.at[m][r] + c);
                }
            }
        }
        for (std::int64_t r = 0; r < tile.rows; ++r) {
            read_rows(comparison, channel, tile.row + r, tile.column, padded(ssim_tile_columns), image, target);
            float* out = gradient + (channel * lattice.height + tile.row + r) * lattice.width + tile.column;
            for (std::int64_t c = 0; c < tile.columns; c += lanes) {
                const auto sum = [&](Derivative m) HWY_ATTR { return filter(&filtered.at[m][r][c], filtered.columns); };
                const V x = hn::Load(d, image + c);
                const V difference = hn::Sub(x, hn::Load(d, target + c));
                const V half = hn::MulAdd(x, sum(by_squares), hn::Mul(difference, sum(by_d2)));
                const V total = hn::MulAdd(hn::Set(d, 2.0F), half, sum(by_x));
                hn::Store(hn::Mul(hn::Set(d, scale), total), d, image + c);
            }
            std::memcpy(out, image, static_cast<std::size_t>(tile.columns) * sizeof(float));
        }
    }
}

}  // namespace gsfit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gsfit {

HWY_EXPORT(tile_sum);
HWY_EXPORT(tile_gradient);

double ssim_tile_sum(const Comparison& comparison, const SsimTile& tile) {
    return HWY_DYNAMIC_DISPATCH(tile_sum)(comparison, tile);
}

void ssim_tile_gradient(const Comparison& comparison, const SsimTile& tile, float scale, float* gradient) {
    HWY_DYNAMIC_DISPATCH(tile_gradient)(comparison, tile, scale, gradient);
}

}  // namespace gsfit
#endif
