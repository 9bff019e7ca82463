#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>

#include "eval/target_rows.h"
#include "gsfit/core/error.h"
#include "gsfit/eval.h"
#include "gsfit/eval/sources.h"
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
    Drawing(const Field& field, const Blending& blending, const Lattice& whole, const ImageMaps& maps)
        : splats_(project(field, whole)), blending_(blending), whole_(whole), gamma_(maps[0].gamma) {}

    /// Clamped, and without the target's gamma.
    [[nodiscard]] at::Tensor rows(const Rows& rows) const {
        at::Tensor image = render_rows(splats_, whole_, rows, blending_).clamp_(0, 1);
        return gamma_ == 1 ? image : image.pow_(1 / gamma_);
    }

private:
    Splats splats_;
    Blending blending_;
    Lattice whole_;
    float gamma_;
};

/// ErrorSums over the channels of a map, or of all.
struct ErrorSums {
    double squared = 0;
    double similarity = 0;
};

/// What evaluate() adds up: of every map of a stack, or of the only one.
class MapErrors {
public:
    MapErrors(const PackedImage& target, const at::Device& device)
        : target_(target), device_(device), sums_(target.maps().size()) {}

    /// The image of `rows`, of which `band` counts: the others are those that SSIM sees around it.
    void add(const at::Tensor& image, const Rows& rows, const Rows& band) {
        const Rows inner{band.first - rows.first, band.count};
        for (std::size_t i = 0; i < sums_.size(); ++i) {
            const ImageMap& map = target_.maps()[i];
            const TargetRows shown(target_, device_, rows, map);
            const at::Tensor part = image.narrow(0, map.first, map.channels);
            const Lattice lattice = shown.lattice();
            sums_[i].squared +=
                squared_error(part.narrow(1, inner.first, inner.count), shown.view(), lattice.band(inner));
            sums_[i].similarity += ssim_sum(part, shown.view(), lattice, inner);
        }
    }

    [[nodiscard]] Quality quality() const {
        Quality quality;
        ErrorSums all;
        const double pixels = static_cast<double>(target_.width()) * static_cast<double>(target_.height());
        for (std::size_t i = 0; i < sums_.size(); ++i) {
            const ImageMap& map = target_.maps()[i];
            const double values = pixels * map.channels;
            all.squared += sums_[i].squared;
            all.similarity += sums_[i].similarity;
            if (sums_.size() == 1) continue;
            quality.maps.push_back({map.name, decibel(sums_[i].squared / values), sums_[i].similarity / values});
        }
        quality.psnr = decibel(all.squared / (pixels * target_.channels()));
        quality.ssim = all.similarity / (pixels * target_.channels());
        return quality;
    }

private:
    const PackedImage& target_;
    at::Device device_;
    std::vector<ErrorSums> sums_;
};

/// `shown` gives rows [C,h,w] on the device, clamped and without gamma.
Quality compare(const std::function<at::Tensor(const Rows&)>& shown, const PackedImage& target,
                const at::Device& device) {
    const PackedView& view = target.view();
    const Lattice whole = Lattice::whole(view.width, view.height);
    MapErrors errors(target, device);
    for (std::int64_t first = 0; first < view.height; first += band_rows) {
        const Rows band{first, std::min(band_rows, view.height - first)};
        const Rows rows = ssim_rows(whole, band);
        errors.add(shown(rows), rows, band);
        target.drop(band);
    }
    return errors.quality();
}

}  // namespace

Quality evaluate(const Field& field, const Blending& blending, const PackedImage& target) {
    check(field, target.view());
    const at::NoGradGuard no_gradients;
    const Drawing drawing(field, blending, Lattice::whole(target.width(), target.height()), target.maps());
    return compare([&](const Rows& rows) { return drawing.rows(rows); }, target, field.position.device());
}

Quality evaluate(const ImageBands& image, const PackedImage& target) {
    check_comparable("PSNR and SSIM", image, rows_of(target));
    return compare([&](const Rows& rows) { return image.band(rows.first, rows.count); }, target, at::kCPU);
}

double evaluate_psnr(const Field& field, const Blending& blending, const PackedImage& target) {
    const PackedView& view = target.view();
    check(field, view);
    const at::NoGradGuard no_gradients;
    const Lattice whole = Lattice::whole(view.width, view.height);
    const Drawing drawing(field, blending, whole, target.maps());
    double squared = 0;
    for (std::int64_t first = 0; first < view.height; first += evaluation_rows) {
        const Rows rows{first, std::min(evaluation_rows, view.height - first)};
        const TargetRows shown(target, field.position.device(), rows, {.channels = view.channels});
        squared += squared_error(drawing.rows(rows), shown.view(), shown.lattice());
        target.drop(rows);
    }
    return decibel(squared / value_count(view));
}

double psnr(const at::Tensor& image, const PackedView& target) {
    const Lattice whole = Lattice::whole(target.width, target.height);
    return decibel(squared_error(image, target, whole) / value_count(target));
}

}  // namespace gsfit
