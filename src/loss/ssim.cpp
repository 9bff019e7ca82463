#include <ATen/ops/empty.h>
#include <ATen/ops/scalar_tensor.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "gsfit/core/error.h"
#include "gsfit/core/parallel.h"
#include "loss/compare.h"
#include "loss/ssim_kernels.h"

namespace gsfit {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr std::int64_t halo = 5;

/// The tiles of a band of a lattice, row by row.
class Tiles {
public:
    Tiles(const Lattice& lattice, const Rows& band)
        : width_(lattice.width), band_(band), across_((width_ + ssim_tile_columns - 1) / ssim_tile_columns) {}

    [[nodiscard]] std::int64_t count() const { return across_ * ((band_.count + ssim_tile_rows - 1) / ssim_tile_rows); }

    [[nodiscard]] SsimTile operator[](std::int64_t i) const {
        const std::int64_t row = i / across_ * ssim_tile_rows;
        const std::int64_t column = i % across_ * ssim_tile_columns;
        return {.row = band_.first + row,
                .column = column,
                .rows = std::min(ssim_tile_rows, band_.count - row),
                .columns = std::min(ssim_tile_columns, width_ - column)};
    }

private:
    std::int64_t width_;
    Rows band_;
    std::int64_t across_;
};

double sum_over(const Comparison& comparison, const Rows& band) {
    const Tiles tiles(comparison.lattice, band);
    std::vector<double> sums(static_cast<std::size_t>(tiles.count()));
    parallel_for(tiles.count(),
                 [&](std::int64_t i) { sums[static_cast<std::size_t>(i)] = ssim_tile_sum(comparison, tiles[i]); });
    return std::accumulate(sums.begin(), sums.end(), 0.0);
}

class SsimFunction : public torch::autograd::Function<SsimFunction> {
public:
    static at::Tensor forward(AutogradContext* context, const at::Tensor& image, const PackedView& target,
                              const Lattice& lattice) {
        const Rows all{0, lattice.height};
        const Comparison comparison = compare("ssim", image, target, lattice, all);
        save(context, image, target, lattice);
        return at::scalar_tensor(sum_over(comparison, all) / value_count(comparison), image.options());
    }

    static variable_list backward(AutogradContext* context, const variable_list& gradients) {
        const auto [image, comparison] = restore("ssim", context);
        const auto scale = static_cast<float>(gradients[0].item<double>() / value_count(comparison));
        auto gradient = at::empty(image.sizes(), image.options());
        auto* const out = gradient.mutable_data_ptr<float>();
        const Tiles tiles(comparison.lattice, {0, comparison.lattice.height});
        parallel_for(tiles.count(),
                     [&, &views = comparison](std::int64_t i) { ssim_tile_gradient(views, tiles[i], scale, out); });
        return {gradient, {}, {}};
    }
};

}  // namespace

at::Tensor ssim(const at::Tensor& image, const PackedView& target, const Lattice& lattice) {
    return SsimFunction::apply(with_dense_rows("ssim", image), target, lattice);
}

Rows ssim_rows(const Lattice& lattice, const Rows& band) {
    const std::int64_t first = std::max<std::int64_t>(0, band.first - halo);
    return {first, std::min(lattice.height, band.first + band.count + halo) - first};
}

double ssim_sum(const at::Tensor& image, const PackedView& target, const Lattice& lattice, const Rows& band) {
    if (band.first < 0 || band.count < 0 || band.count > lattice.height - band.first) {
        throw Error("ssim_sum() was given a band that reaches outside its lattice.");
    }
    const at::Tensor rows = with_dense_rows("ssim_sum", image);
    return sum_over(compare("ssim_sum", rows, target, lattice, ssim_rows(lattice, band)), band);
}

}  // namespace gsfit
