#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "gsfit/core/error.h"
#include "gsfit/eval.h"
#include "gsfit/loss.h"
#include "gsfit/project.h"
#include "gsfit/render.h"

namespace gsfit {

namespace {

constexpr std::int64_t band_rows = evaluation_rows - 10;  // with those that SSIM needs around a band

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

/// The field as the whole raster sees it, drawn a few rows at a time.
class Drawing {
public:
    Drawing(const Field& field, const Blending& blending, const Lattice& whole)
        : splats_(project(field, whole)), blending_(blending), whole_(whole) {}

    [[nodiscard]] at::Tensor rows(const Rows& rows) const {
        return render_rows(splats_, whole_, rows, blending_).clamp_(0, 1);
    }

private:
    Splats splats_;
    Blending blending_;
    Lattice whole_;
};

}  // namespace

Quality evaluate(const Field& field, const Blending& blending, const PackedImage& target) {
    const PackedView& view = target.view();
    check(field, view);
    const at::NoGradGuard no_gradients;
    const Lattice whole = Lattice::whole(view.width, view.height);
    const Drawing drawing(field, blending, whole);
    double squared = 0;
    double similarity = 0;
    for (std::int64_t first = 0; first < view.height; first += band_rows) {
        const Rows band{first, std::min(band_rows, view.height - first)};
        const Rows rows = ssim_rows(whole, band);
        const at::Tensor image = drawing.rows(rows);
        const at::Tensor inner = image.narrow(1, band.first - rows.first, band.count);
        squared += squared_error(inner, view, whole.band(band));
        similarity += ssim_sum(image, view, whole, band);
        target.drop(band);
    }
    return {.psnr = decibel(squared / value_count(view)), .ssim = similarity / value_count(view)};
}

double evaluate_psnr(const Field& field, const Blending& blending, const PackedImage& target) {
    const PackedView& view = target.view();
    check(field, view);
    const at::NoGradGuard no_gradients;
    const Lattice whole = Lattice::whole(view.width, view.height);
    const Drawing drawing(field, blending, whole);
    double squared = 0;
    for (std::int64_t first = 0; first < view.height; first += evaluation_rows) {
        const Rows rows{first, std::min(evaluation_rows, view.height - first)};
        squared += squared_error(drawing.rows(rows), view, whole.band(rows));
        target.drop(rows);
    }
    return decibel(squared / value_count(view));
}

double psnr(const at::Tensor& image, const PackedView& target) {
    const Lattice whole = Lattice::whole(target.width, target.height);
    return decibel(squared_error(image, target, whole) / value_count(target));
}

}  // namespace gsfit
