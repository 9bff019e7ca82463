#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/scalar_tensor.h>
#include <torch/csrc/autograd/custom_function.h>

#include <utility>

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
    at::Tensor gradient;  ///< of the loss, made along with it
};

/// The loss. Where `gradient` is defined, it becomes that of `scale` times the loss.
double take_loss(const Job& job, const at::Tensor& image, double scale, const at::Tensor& gradient) {
    const Comparison comparison = job.compare_with(image);
    const Factors factors = job.factors(scale);
    Planar<std::byte> out;
    if (gradient.defined()) out = gradient_planes(gradient, comparison.image.rows);
    const double sum = sum_over(Tiles(job.lattice, comparison.image.rows), [&](const Tile& tile) {
        const ErrorSums sums = tile_loss(comparison, job.band, tile, factors, gradient.defined() ? &out : nullptr);
        return job.loss.pixel.l1 * sums.absolute + job.loss.pixel.l2 * sums.squared +
               job.loss.ssim * sums.dissimilarity;
    });
    return sum / value_count(job.target, job.lattice);
}

/// The one thing of the image's size that is made: image_loss_bytes().
at::Tensor empty_gradient(const at::Tensor& image) { return at::empty(image.sizes(), image.options()); }

class ImageLossFunction : public torch::autograd::Function<ImageLossFunction> {
public:
    static at::Tensor forward(AutogradContext* context, const at::Tensor& image, const c10::intrusive_ptr<Job>& job,
                              bool recorded) {
        context->saved_data["job"] = c10::IValue::make_capsule(job);
        if (const Gpu gpu(image); gpu) {
            context->save_for_backward({image});
            return on_device(gpu, image, *job);
        }
        // Of a float16 image the gradient is rounded only when backward tells its scale.
        if (recorded && image.scalar_type() == at::kFloat) {
            job->gradient = empty_gradient(image);
        } else {
            context->save_for_backward({image});
        }
        return at::scalar_tensor(take_loss(*job, image, 1, job->gradient), image.options().dtype(at::kFloat));
    }

    static variable_list backward(AutogradContext* context, const variable_list& gradients) {
        if (at::GradMode::is_enabled()) {
            throw Error("image_loss() can be differentiated once only: call backward without create_graph.");
        }
        const auto job = c10::static_intrusive_pointer_cast<Job>(context->saved_data["job"].toCapsule());
        const variable_list saved = context->get_saved_variables();
        if (saved.empty()) return {scaled(std::move(job->gradient), gradients[0].item<double>()), {}, {}};
        const at::Tensor& image = saved[0];
        if (const Gpu gpu(image); gpu) {
            return {device_gradient(gpu, image, job->compare_with(image), job->band, job->factors(1), gradients[0]),
                    {},
                    {}};
        }
        const at::Tensor gradient = empty_gradient(image);
        take_loss(*job, image, gradients[0].item<double>(), gradient);
        return {gradient, {}, {}};
    }

private:
    static at::Tensor on_device(const Gpu& gpu, const at::Tensor& image, const Job& job) {
        const ImageLoss& loss = job.loss;
        const at::Tensor sums = device_sums(gpu, image, job.compare_with(image), job.band,
                                            loss.pixel.l1 != 0 || loss.pixel.l2 != 0, loss.ssim != 0);
        return sums[0]
            .mul(loss.pixel.l1)
            .add(sums[1], loss.pixel.l2)
            .add(sums[2], loss.ssim)
            .div(value_count(job.target, job.lattice))
            .to(at::kFloat);
    }

    static at::Tensor scaled(at::Tensor gradient, double scale) {
        if (!gradient.defined()) {
            throw Error("image_loss() can be differentiated once only: call backward without retain_graph.");
        }
        return scale == 1 ? gradient : gradient.mul_(scale);
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
    const at::Tensor rows = with_dense_rows("image_loss", image);
    const bool recorded = at::GradMode::is_enabled() && rows.requires_grad();
    return ImageLossFunction::apply(rows, c10::make_intrusive<Job>(target, lattice, band, loss), recorded);
}

std::int64_t image_loss_bytes(int channels, std::int64_t rows, std::int64_t width, at::ScalarType dtype) {
    return channels * rows * width * static_cast<std::int64_t>(c10::elementSize(dtype));
}

}  // namespace gsfit
