#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "gsfit/core/error.h"
#include "gsfit/eval.h"
#include "gsfit/loss.h"
#include "gsfit/render.h"

namespace gsfit {

namespace {

/// Rows of a band with the rows that SSIM adds around it: a multiple of the rasterizer's block height.
constexpr std::int64_t rendered_rows = 256;
constexpr std::int64_t band_rows = rendered_rows - 10;

double value_count(const PackedView& target) {
    return static_cast<double>(target.width) * static_cast<double>(target.height) * target.channels;
}

double decibel(double mean_squared_error) { return -10 * std::log10(mean_squared_error); }

void check(const Field& field, const PackedView& target) {
    if (field.channels() != target.channels) {
        throw Error("The field has " + std::to_string(field.channels()) +
                    " channels and the image it is compared with " + std::to_string(target.channels) +
                    ": give an image with as many.");
    }
}

at::Tensor clamped_render(const Field& field, const Blending& blending, const Lattice& whole, const Rows& rows) {
    return render(field, whole.band(rows), blending).clamp_(0, 1);
}

}  // namespace

Quality evaluate(const Field& field, const Blending& blending, const PackedView& target) {
    check(field, target);
    const at::NoGradGuard no_gradients;
    const Lattice whole = Lattice::whole(target.width, target.height);
    double squared = 0;
    double similarity = 0;
    for (std::int64_t first = 0; first < target.height; first += band_rows) {
        const Rows band{first, std::min(band_rows, target.height - first)};
        const Rows rows = ssim_rows(whole, band);
        const at::Tensor image = clamped_render(field, blending, whole, rows);
        const at::Tensor inner = image.narrow(1, band.first - rows.first, band.count);
        squared += squared_error(inner, target, whole.band(band));
        similarity += ssim_sum(image, target, whole, band);
    }
    return {.psnr = decibel(squared / value_count(target)), .ssim = similarity / value_count(target)};
}

double evaluate_psnr(const Field& field, const Blending& blending, const PackedView& target) {
    check(field, target);
    const at::NoGradGuard no_gradients;
    const Lattice whole = Lattice::whole(target.width, target.height);
    double squared = 0;
    for (std::int64_t first = 0; first < target.height; first += rendered_rows) {
        const Rows rows{first, std::min(rendered_rows, target.height - first)};
        squared += squared_error(clamped_render(field, blending, whole, rows), target, whole.band(rows));
    }
    return decibel(squared / value_count(target));
}

double psnr(const at::Tensor& image, const PackedView& target) {
    const Lattice whole = Lattice::whole(target.width, target.height);
    return decibel(squared_error(image, target, whole) / value_count(target));
}

}  // namespace gsfit
