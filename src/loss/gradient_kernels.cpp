// The gradient of the loss at the samples of a tile: L1, L2 and SSIM are written at once.

#include "loss/kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "loss/gradient_kernels.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h.
#include <hwy/highway.h>

#include "loss/ssim-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gsfit::HWY_NAMESPACE {

/// Derivatives of SSIM with respect to E[x] (y and the other means held), E[x^2 + y^2] and E[d^2].
enum Derivative { by_x, by_squares, by_d2, derivative_count };

/// The derivatives of SSIM around one channel of a tile and what their windows gather.
struct Slopes {
    Planes<map_count, tile_rows + 4 * ssim_halo, tile_columns + 2 * ssim_halo> maps;
    Planes<derivative_count, tile_rows + 2 * ssim_halo, tile_columns + 2 * ssim_halo> derivatives;
    Planes<derivative_count, tile_rows + 2 * ssim_halo, tile_columns> filtered;  ///< along the rows
};

/// The derivatives around the tile, 5 samples on every side, zero outside the band.
HWY_INLINE void differentiate(const Lattice& lattice, const Rows& band, const Tile& tile, Slopes& slopes) {
    const D d;
    const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
    const V one = hn::Set(d, 1.0F);
    const V two = hn::Set(d, 2.0F);
    auto& out = slopes.derivatives;
    for (std::int64_t r = 0; r < tile.rows + 2 * ssim_halo; ++r) {
        const std::int64_t row = tile.row - ssim_halo + r;
        if (row < band.first || row >= band.first + band.count) {
            for (auto& plane : out.at) std::fill(plane[r], plane[r] + out.columns, 0.0F);
            continue;
        }
        for (std::int64_t c = 0; c < out.columns; c += lanes) {
            const std::int64_t column = tile.column - ssim_halo + c;
            const auto inside = hn::AndNot(lanes_before(0, column), lanes_before(lattice.width, column));
            const Terms t = terms_at(slopes.maps, r, c);
            const V l = hn::Sub(one, t.not_l);
            const V contrast = hn::Sub(one, t.not_c);
            const V l_over_b = hn::Div(l, t.b);
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

HWY_INLINE void find_slopes(const Comparison& comparison, const Rows& band, int channel, const Tile& tile,
                            Slopes& slopes) {
    const D d;
    const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
    filter_rows(comparison, channel, tile.row - 2 * ssim_halo, tile.column - 2 * ssim_halo, tile.rows + 4 * ssim_halo,
                slopes.maps);
    differentiate(comparison.lattice, band, tile, slopes);
    for (int m = 0; m < derivative_count; ++m) {
        for (std::int64_t r = 0; r < tile.rows + 2 * ssim_halo; ++r) {
            for (std::int64_t c = 0; c < tile.columns; c += lanes) {
                hn::Store(filter(slopes.derivatives.at[m][r] + c, 1), d, slopes.filtered.at[m][r] + c);
            }
        }
    }
}

/// d(sum of SSIM) / dx at the tile's sample (row, column).
HWY_INLINE V similarity_slope(const Slopes& slopes, std::int64_t row, std::int64_t column, V x, V difference) {
    const auto sum = [&](Derivative m)
                         HWY_ATTR { return filter(&slopes.filtered.at[m][row][column], slopes.filtered.columns); };
    const V half = hn::MulAdd(x, sum(by_squares), hn::Mul(difference, sum(by_d2)));
    return hn::MulAdd(hn::Set(D(), 2.0F), half, sum(by_x));
}

HWY_INLINE V error_slope(const Factors& factors, V difference) {
    const D d;
    const auto zero = hn::Eq(difference, hn::Zero(d));
    const V sign = hn::IfThenZeroElse(zero, hn::CopySign(hn::Set(d, 1.0F), difference));
    return hn::MulAdd(hn::Set(d, 2 * factors.squared), difference, hn::Mul(hn::Set(d, factors.absolute), sign));
}

void gradient_of_tile(const Comparison& comparison, const Rows& band, const Tile& tile, const Factors& factors,
                      const Planar<std::byte>& gradient) {
    const D d;
    const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
    const bool similarity = factors.dissimilarity != 0;
    Slopes slopes;
    alignas(64) float image[padded(tile_columns)];
    alignas(64) float target[padded(tile_columns)];
    for (int channel = 0; channel < comparison.target.channels; ++channel) {
        if (similarity) find_slopes(comparison, band, channel, tile, slopes);
        for (std::int64_t r = 0; r < tile.rows; ++r) {
            const std::int64_t row = tile.row + r;
            const bool in_band = row >= band.first && row < band.first + band.count;
            read_rows<padded(tile_columns)>(comparison, channel, row, tile.column, image, target);
            for (std::int64_t c = 0; c < tile.columns; c += lanes) {
                const V x = hn::Load(d, image + c);
                const V difference = hn::Sub(x, hn::Load(d, target + c));
                V slope = in_band ? error_slope(factors, difference) : hn::Zero(d);
                if (similarity) {
                    slope = hn::NegMulAdd(hn::Set(d, factors.dissimilarity),
                                          similarity_slope(slopes, r, c, x, difference), slope);
                }
                hn::Store(slope, d, image + c);
            }
            write_row(image, tile.columns, gradient, channel, row, tile.column);
        }
    }
}

}  // namespace gsfit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gsfit {

HWY_EXPORT(gradient_of_tile);

void tile_gradient(const Comparison& comparison, const Rows& band, const Tile& tile, const Factors& factors,
                   const Planar<std::byte>& gradient) {
    HWY_DYNAMIC_DISPATCH(gradient_of_tile)(comparison, band, tile, factors, gradient);
}

}  // namespace gsfit
#endif
