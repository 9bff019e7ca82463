#include "loss/compare.h"
#include "loss/device_loss.h"
#include "loss/tiles.h"

namespace gsfit {

double ssim_sum(const at::Tensor& image, const PackedView& target, const Lattice& lattice, const Rows& band) {
    check_band("ssim_sum", lattice, band);
    const at::Tensor rows = with_dense_rows("ssim_sum", image);
    const Comparison comparison = compare("ssim_sum", rows, target, lattice, ssim_rows(lattice, band));
    if (const Gpu gpu(rows); gpu) {
        return value_count(target, lattice.band(band)) -
               device_sums(gpu, rows, comparison, band, false, true)[2].item<double>();
    }
    const double dissimilarity = sum_over(Tiles(lattice, band), [&](const Tile& tile) {
        return tile_loss(comparison, band, tile, {.dissimilarity = 1}, nullptr).dissimilarity;
    });
    return value_count(target, lattice.band(band)) - dissimilarity;
}

double squared_error(const at::Tensor& image, const PackedView& target, const Lattice& lattice) {
    const Rows all{0, lattice.height};
    const at::Tensor rows = with_dense_rows("squared_error", image);
    const Comparison comparison = compare("squared_error", rows, target, lattice, all);
    if (const Gpu gpu(rows); gpu) return device_sums(gpu, rows, comparison, all, true, false)[1].item<double>();
    return sum_over(Tiles(lattice, all),
                    [&](const Tile& tile) { return tile_loss(comparison, all, tile, {}, nullptr).squared; });
}

}  // namespace gsfit
