#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/scalar_tensor.h>
#include <torch/csrc/autograd/custom_function.h>

#include "gsfit/core/error.h"
#include "loss/compare.h"
#include "loss/device_loss.h"
#include "loss/tiles.h"

namespace gsfit {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// What the loss of a band is taken of, beside the image.
struct Job : torch::CustomClassHolder {
    Job(const PackedView& target_view, const Lattice& samples, const Rows& rows, const ImageLoss& weights)
        : target(target_view), lattice(samples), band(rows), loss(weights) {}

    [[nodiscard]] Comparison compare_with(const at::Tensor& image) const {
        return compare("image_loss", image, target, lattice, loss_rows(lattice, band, loss));
    }

    /// Factors of the sums that make up `scale` times the loss.
    [[nodiscard]] Factors factors(double scale) const {
        const double each = scale / value_count(target, lattice);
        return {.absolute = static_cast<float>(each * loss.pixel.l1),
                .squared = static_cast<float>(each * loss.pixel.l2),
                .dissimilarity = static_cast<float>(each * loss.ssim)};
    }

    PackedView target;
    Lattice lattice;
    Rows band;
    ImageLoss loss;
};

double weighted_sums(const Comparison& comparison, const Tile& tile, const ImageLoss& loss) {
    double sum = 0;
    if (loss.pixel.l1 != 0 || loss.pixel.l2 != 0) {
        const ErrorSums errors = tile_errors(comparison, tile);
        sum += loss.pixel.l1 * errors.absolute + loss.pixel.l2 * errors.squared;
    }
    if (loss.ssim != 0) sum += loss.ssim * tile_dissimilarity(comparison, tile);
    return sum;
}

/// The one thing of the image's size that is made: image_loss_bytes().
at::Tensor gradient_of(const Job& job, const at::Tensor& image, double scale) {
    const Comparison comparison = job.compare_with(image);
    auto gradient = at::empty(image.sizes(), image.options());
    const Planar<std::byte> out = gradient_planes(gradient, comparison.image.rows);
    const Factors factors = job.factors(scale);
    const Tiles tiles(job.lattice, out.rows);
    parallel_for(tiles.count(), [&](std::int64_t i) { tile_gradient(comparison, job.band, tiles[i], factors, out); });
    return gradient;
}

class ImageLossFunction : public torch::autograd::Function<ImageLossFunction> {
public:
    static at::Tensor forward(AutogradContext* context, const at::Tensor& image, const c10::intrusive_ptr<Job>& job) {
        const Comparison comparison = job->compare_with(image);
        context->save_for_backward({image});
        context->saved_data["job"] = c10::IValue::make_capsule(job);
        if (const Gpu gpu(image); gpu) {
            const ImageLoss& loss = job->loss;
            const at::Tensor sums = device_sums(gpu, image, comparison, job->band,
                                                loss.pixel.l1 != 0 || loss.pixel.l2 != 0, loss.ssim != 0);
            return sums[0]
                .mul(loss.pixel.l1)
                .add(sums[1], loss.pixel.l2)
                .add(sums[2], loss.ssim)
                .div(value_count(job->target, job->lattice))
                .to(at::kFloat);
        }
        const double sum = sum_over(Tiles(job->lattice, job->band),
                                    [&](const Tile& tile) { return weighted_sums(comparison, tile, job->loss); });
        return at::scalar_tensor(sum / value_count(job->target, job->lattice), image.options().dtype(at::kFloat));
    }

    static variable_list backward(AutogradContext* context, const variable_list& gradients) {
        if (at::GradMode::is_enabled()) {
            throw Error("image_loss() can be differentiated once only: call backward without create_graph.");
        }
        const auto job = c10::static_intrusive_pointer_cast<Job>(context->saved_data["job"].toCapsule());
        const at::Tensor image = context->get_saved_variables()[0];
        if (const Gpu gpu(image); gpu) {
            return {device_gradient(gpu, image, job->compare_with(image), job->band, job->factors(1), gradients[0]),
                    {}};
        }
        return {gradient_of(*job, image, gradients[0].item<double>()), {}};
    }
};

}  // namespace

Rows ssim_rows(const Lattice& lattice, const Rows& band) {
    const std::int64_t first = std::max<std::int64_t>(0, band.first - ssim_halo);
    return {first, std::min(lattice.height, band.first + band.count + ssim_halo) - first};
}

Rows loss_rows(const Lattice& lattice, const Rows& band, const ImageLoss& loss) {
    return loss.ssim != 0 ? ssim_rows(lattice, band) : band;
}

at::Tensor image_loss(const at::Tensor& image, const PackedView& target, const Lattice& lattice, const Rows& band,
                      const ImageLoss& loss) {
    check_band("image_loss", lattice, band);
    return ImageLossFunction::apply(with_dense_rows("image_loss", image),
                                    c10::make_intrusive<Job>(target, lattice, band, loss));
}

std::int64_t image_loss_bytes(int channels, std::int64_t rows, std::int64_t width, at::ScalarType dtype) {
    return channels * rows * width * static_cast<std::int64_t>(c10::elementSize(dtype));
}

}  // namespace gsfit
