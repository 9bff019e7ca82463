// Sums over the samples of a tile: L1, L2 and SSIM.

#include "loss/kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "loss/sums_kernels.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h.
#include <hwy/highway.h>

#include "loss/ssim-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gsfit::HWY_NAMESPACE {

ErrorSums errors(const Comparison& comparison, const Tile& tile) {
    const D d;
    const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
    alignas(64) float image[padded(tile_columns)];
    alignas(64) float target[padded(tile_columns)];
    ErrorSums sums;
    for (int channel = 0; channel < comparison.target.channels; ++channel) {
        for (std::int64_t row = tile.row; row < tile.row + tile.rows; ++row) {
            read_rows<padded(tile_columns)>(comparison, channel, row, tile.column, image, target);
            V absolute = hn::Zero(d);
            V squared = hn::Zero(d);
            for (std::int64_t c = 0; c < tile.columns; c += lanes) {
                const V apart = hn::Sub(hn::Load(d, image + c), hn::Load(d, target + c));
                const V difference = hn::IfThenElseZero(lanes_before(tile.columns, c), apart);
                absolute = hn::Add(absolute, hn::Abs(difference));
                squared = hn::MulAdd(difference, difference, squared);
            }
            sums.absolute += static_cast<double>(hn::GetLane(hn::SumOfLanes(d, absolute)));
            sums.squared += static_cast<double>(hn::GetLane(hn::SumOfLanes(d, squared)));
        }
    }
    return sums;
}

double dissimilarity(const Comparison& comparison, const Tile& tile) {
    const D d;
    const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
    Planes<map_count, tile_rows + 2 * ssim_halo, tile_columns> maps;
    double sum = 0;
    for (int channel = 0; channel < comparison.target.channels; ++channel) {
        filter_rows(comparison, channel, tile.row - ssim_halo, tile.column - ssim_halo, tile.rows + 2 * ssim_halo,
                    maps);
        for (std::int64_t r = 0; r < tile.rows; ++r) {
            V row_sum = hn::Zero(d);
            for (std::int64_t c = 0; c < tile.columns; c += lanes) {
                const Terms t = terms_at(maps, r, c);
                // 1 - l c
                const V dissimilar = hn::NegMulAdd(t.not_l, t.not_c, hn::Add(t.not_l, t.not_c));
                row_sum = hn::Add(row_sum, hn::IfThenElseZero(lanes_before(tile.columns, c), dissimilar));
            }
            sum += static_cast<double>(hn::GetLane(hn::SumOfLanes(d, row_sum)));
        }
    }
    return sum;
}

}  // namespace gsfit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gsfit {

HWY_EXPORT(errors);
HWY_EXPORT(dissimilarity);

ErrorSums tile_errors(const Comparison& comparison, const Tile& tile) {
    return HWY_DYNAMIC_DISPATCH(errors)(comparison, tile);
}

double tile_dissimilarity(const Comparison& comparison, const Tile& tile) {
    return HWY_DYNAMIC_DISPATCH(dissimilarity)(comparison, tile);
}

}  // namespace gsfit
#endif
