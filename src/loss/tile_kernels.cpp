// The loss of a tile and its gradient: L1, L2 and SSIM are taken at once.

#include "loss/kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "loss/tile_kernels.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h.
#include <hwy/highway.h>

#include "loss/ssim-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gsfit::HWY_NAMESPACE {

/// Planes of SsimSlopes.
enum Derivative { by_x, by_squares, by_d2, derivative_count };

/// The samples themselves.
enum Sample { sample_x, sample_d, sample_count };

constexpr std::int64_t inner_rows = tile_rows + 2 * ssim_halo;  // where the derivatives of SSIM count for a tile
static_assert(tile_rows % group == 0);

/// One channel of a tile, combed.
struct Work {
    std::int64_t vectors;
    Planes<sample_count, tile_rows> samples;
    Planes<map_count, grouped(inner_rows) + 2 * ssim_halo> maps;  ///< filtered along the rows
    Planes<derivative_count, grouped(inner_rows)> derivatives;    ///< filtered along the rows
};

/// A sum of vectors of floats in double.
class Sum {
public:
    HWY_INLINE Sum() : sum_(hn::Zero(dd)) {}

    HWY_INLINE void add(V v) {
        sum_ = hn::Add(sum_, hn::PromoteTo(dd, hn::LowerHalf(hn::Half<D>(), v)));
        sum_ = hn::Add(sum_, hn::PromoteTo(dd, hn::UpperHalf(hn::Half<D>(), v)));
    }
    [[nodiscard]] HWY_INLINE double total() const { return hn::GetLane(hn::SumOfLanes(dd, sum_)); }

private:
    static constexpr hn::Rebind<double, hn::Half<D>> dd{};
    hn::Vec<hn::Rebind<double, hn::Half<D>>> sum_;
};

HWY_INLINE bool has(const Rows& rows, std::int64_t row) { return row >= rows.first && row < rows.first + rows.count; }

/// The tile's own columns, which begin 10 after those that were read.
HWY_INLINE void keep_samples(const LongRow (&maps)[map_count], std::int64_t row, Work& work) {
    const D d;
    for (std::int64_t v = 0; v < work.vectors; ++v) {
        const std::int64_t from = (v + 2 * ssim_halo) * lanes;
        hn::Store(hn::Load(d, maps[map_x].at + from), d, work.samples.at[sample_x][row] + v * lanes);
        hn::Store(hn::Load(d, maps[map_d].at + from), d, work.samples.at[sample_d][row] + v * lanes);
    }
}

/// Reads a channel of the tile and, for SSIM, of 10 samples around it, whose maps are filtered along the rows. Rows
/// that the image does not hold are zero.
HWY_INLINE void read_tile(const Comparison& comparison, int channel, const Tile& tile, bool similarity, Work& work) {
    const std::int64_t around = similarity ? 2 * ssim_halo : 0;
    LongRow maps[map_count];
    for (std::int64_t r = -around; r < tile.rows + around; ++r) {
        const bool held = comparison.image.has(tile.row + r);
        if (held) read_maps(comparison, channel, tile.row + r, tile.column - 2 * ssim_halo, work.vectors, maps);
        if (r >= 0 && r < tile.rows) keep_samples(maps, r, work);
        if (!similarity) continue;
        for (int m = 0; m < map_count; ++m) {
            float* out = work.maps.at[m][r + around];
            if (held) {
                filter_along(maps[m], work.vectors, out);
            } else {
                std::fill_n(out, row_floats, 0.0F);
            }
        }
    }
}

/// The derivatives by one vector's terms, where `counts`; zero elsewhere.
HWY_INLINE void differentiate(const Terms& t, hn::Mask<D> counts, std::int64_t v, LongRow (&out)[derivative_count]) {
    const D d;
    const SsimSlopes<V> slopes = ssim_slopes(d, t);
    hn::Store(hn::IfThenElseZero(counts, slopes.by_x), d, out[by_x].at + v * lanes);
    hn::Store(hn::IfThenElseZero(counts, slopes.by_squares), d, out[by_squares].at + v * lanes);
    hn::Store(hn::IfThenElseZero(counts, slopes.by_d2), d, out[by_d2].at + v * lanes);
}

/// The derivatives around the tile, 5 samples on every side and zero outside the band, filtered along the rows. Returns
/// the tile's dissimilarity.
HWY_INLINE double differentiate(const Lattice& lattice, const Rows& band, const Tile& tile, Work& work) {
    const std::int64_t first_column = tile.column - ssim_halo;
    LongRow derivatives[group][derivative_count];
    Sum dissimilarity;
    for (std::int64_t row = 0; row < tile.rows + 2 * ssim_halo; row += group) {
        for (std::int64_t v = 0; v < work.vectors; ++v) {
            const auto inside = columns_within(-first_column, lattice.width - first_column, work.vectors, v);
            const auto own = columns_within(ssim_halo, ssim_halo + tile.columns, work.vectors, v);
            Terms terms[group];
            terms_at(work.maps, row, v, terms);
            for (std::int64_t r = 0; r < group; ++r) {
                const std::int64_t at = tile.row - ssim_halo + row + r;
                const bool in_band = has(band, at);
                differentiate(terms[r], in_band ? inside : hn::FirstN(D(), 0), v, derivatives[r]);
                if (!in_band || !has({tile.row, tile.rows}, at)) continue;
                dissimilarity.add(hn::IfThenElseZero(own, dissimilar(terms[r])));
            }
        }
        for (std::int64_t r = 0; r < group; ++r) {
            for (int m = 0; m < derivative_count; ++m) {
                derivatives[r][m].extend(work.vectors);
                filter_along(derivatives[r][m], work.vectors, work.derivatives.at[m][row + r]);
            }
        }
    }
    return dissimilarity.total();
}

/// d(sum of SSIM) / dx in vector v of a group of the tile's rows.
HWY_INLINE void similarity_slopes(const Work& work, std::int64_t row, std::int64_t v, V (&slopes)[group]) {
    const D d;
    V by[derivative_count][group];
    GSFIT_UNROLL
    for (int m = 0; m < derivative_count; ++m) filter(work.derivatives.at[m][row] + v * lanes, row_floats, by[m]);
    GSFIT_UNROLL
    for (std::int64_t r = 0; r < group; ++r) {
        const V x = hn::Load(d, work.samples.at[sample_x][row + r] + v * lanes);
        const V difference = hn::Load(d, work.samples.at[sample_d][row + r] + v * lanes);
        slopes[r] = ssim_slope(d, {by[by_x][r], by[by_squares][r], by[by_d2][r]}, x, difference);
    }
}

HWY_INLINE V error_slope(const Factors& factors, V difference) {
    const D d;
    const auto zero = hn::Eq(difference, hn::Zero(d));
    const V sign = hn::IfThenZeroElse(zero, hn::CopySign(hn::Set(d, 1.0F), difference));
    return hn::MulAdd(hn::Set(d, 2 * factors.squared), difference, hn::Mul(hn::Set(d, factors.absolute), sign));
}

/// Adds the errors of a channel's samples in the band.
HWY_INLINE void add_errors(const Rows& band, const Tile& tile, const Work& work, ErrorSums& sums) {
    const D d;
    Sum absolute;
    Sum squared;
    for (std::int64_t r = 0; r < tile.rows; ++r) {
        if (!has(band, tile.row + r)) continue;
        for (std::int64_t v = 0; v < work.vectors; ++v) {
            const V apart = hn::Load(d, work.samples.at[sample_d][r] + v * lanes);
            const V difference = hn::IfThenElseZero(columns_within(0, tile.columns, work.vectors, v), apart);
            absolute.add(hn::Abs(difference));
            squared.add(hn::Mul(difference, difference));
        }
    }
    sums.absolute += absolute.total();
    sums.squared += squared.total();
}

/// The gradient at a channel's samples of the tile.
HWY_INLINE void write_gradient(const Rows& band, const Tile& tile, const Factors& factors, int channel,
                               const Work& work, const Planar<std::byte>& gradient) {
    const D d;
    alignas(64) float combed[group][row_floats];
    alignas(64) float values[row_floats];
    for (std::int64_t row = 0; row < tile.rows; row += group) {
        for (std::int64_t v = 0; v < work.vectors; ++v) {
            V similarity[group];
            if (factors.dissimilarity != 0) similarity_slopes(work, row, v, similarity);
            for (std::int64_t r = 0; r < group; ++r) {
                const V difference = hn::Load(d, work.samples.at[sample_d][row + r] + v * lanes);
                V slope = has(band, tile.row + row + r) ? error_slope(factors, difference) : hn::Zero(d);
                if (factors.dissimilarity != 0) {
                    slope = hn::NegMulAdd(hn::Set(d, factors.dissimilarity), similarity[r], slope);
                }
                hn::Store(slope, d, combed[r] + v * lanes);
            }
        }
        for (std::int64_t r = 0; r < std::min(group, tile.rows - row); ++r) {
            uncomb(combed[r], work.vectors, values);
            write_row(values, tile.columns, gradient, channel, tile.row + row + r, tile.column);
        }
    }
}

ErrorSums loss_of_tile(const Comparison& comparison, const Rows& band, const Tile& tile, const Factors& factors,
                       const Planar<std::byte>* gradient) {
    const bool similarity = factors.dissimilarity != 0;
    Work work;
    work.vectors = vectors_of(tile);
    ErrorSums sums;
    for (int channel = 0; channel < comparison.target.channels; ++channel) {
        read_tile(comparison, channel, tile, similarity, work);
        add_errors(band, tile, work, sums);
        if (similarity) sums.dissimilarity += differentiate(comparison.lattice, band, tile, work);
        if (gradient != nullptr) write_gradient(band, tile, factors, channel, work, *gradient);
    }
    return sums;
}

}  // namespace gsfit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gsfit {

HWY_EXPORT(loss_of_tile);

ErrorSums tile_loss(const Comparison& comparison, const Rows& band, const Tile& tile, const Factors& factors,
                    const Planar<std::byte>* gradient) {
    return HWY_DYNAMIC_DISPATCH(loss_of_tile)(comparison, band, tile, factors, gradient);
}

}  // namespace gsfit
#endif
