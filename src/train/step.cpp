#include "train/step.h"

#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <vector>

#include "gsfit/memory/checkpoint.h"
#include "gsfit/project.h"
#include "gsfit/raster.h"
#include "gsfit/render.h"
#include "gsfit/render/leaves.h"

namespace gsfit {

namespace {

/// The loss of one band of a step, as a function of the splats.
class BandLoss {
public:
    BandLoss(const Splats& splats, const StepTask& task, const MemorySettings& settings)
        : splats_(splats), task_(task), settings_(settings) {}

    [[nodiscard]] at::Tensor operator()(const Rows& band) const {
        const PackedView& target = task_.target.view();
        if (!task_.loss.needs_image()) {
            return render_rows_loss(splats_, task_.lattice, band, task_.blending, target, task_.loss.pixel,
                                    task_.loss.ssim);
        }
        const ImageLoss loss = task_.loss.of_image();
        const Rows rows = loss_rows(task_.lattice, band, loss);
        const at::Tensor image = settings_.checkpointing ? draw_twice(rows) : draw(splats_, rows);
        return image_loss(image, target, task_.lattice, band, loss);
    }

private:
    [[nodiscard]] at::Tensor draw(const Splats& splats, const Rows& rows) const {
        return render_rows(splats, task_.lattice, rows, task_.blending, type());
    }

    [[nodiscard]] at::ScalarType type() const { return settings_.amp ? at::kHalf : at::kFloat; }

    /// The image, of whose making nothing is kept: it is drawn again for its gradient.
    [[nodiscard]] at::Tensor draw_twice(const Rows& rows) const {
        const auto draw_again = [this, rows](const std::vector<at::Tensor>& inputs) -> at::Tensor {
            const Splats again{.center = inputs[0], .conic = inputs[1], .det = splats_.det, .feature = inputs[2]};
            return draw(again, rows);
        };
        return checkpoint(draw_again, {splats_.center, splats_.conic, splats_.feature});
    }

    const Splats& splats_;
    const StepTask& task_;
    const MemorySettings& settings_;
};

/// The target's rows that a band of a lattice reads.
Rows target_rows(const Lattice& lattice, const Rows& band) {
    return {lattice.y + band.first * lattice.stride, (band.count - 1) * lattice.stride + 1};
}

}  // namespace

std::int64_t band_height(std::int64_t height, std::int64_t bands) {
    const std::int64_t rows = (height + bands - 1) / bands;
    return rows < block_size ? rows : blocks_along(rows) * block_size;  // bands of whole blocks draw no block twice
}

void for_each_band(const PackedImage& target, const Lattice& lattice, std::int64_t bands,
                   const std::function<void(const Rows&)>& work) {
    const std::int64_t height = band_height(lattice.height, bands);
    const auto band_at = [&](std::int64_t first) { return Rows{first, std::min(height, lattice.height - first)}; };
    for (std::int64_t first = 0; first < lattice.height; first += height) {
        const Rows band = band_at(first);
        if (first + height < lattice.height) target.prefetch(target_rows(lattice, band_at(first + height)));
        work(band);
        target.drop(target_rows(lattice, band));
    }
}

/// Splats without their features and the band's sum of gradients of them; a band's own; the result.
std::int64_t step_gradient_bytes(std::int64_t size, int channels) {
    const auto number = static_cast<std::int64_t>(sizeof(float));
    const std::int64_t splats = size * (2 + 3 + 1) * number;
    return splats + 2 * splat_gradient_bytes(size, channels) + size * (2 + 2 + 1) * number;
}

bool draws_image(const TrainOptions& options) {
    return options.ssim_loss_ratio > 0 && options.ssim_windows == SsimWindows::image;
}

Differential differentiate(const Field& field, const StepTask& task, const MemorySettings& settings) {
    const Field leaves = leaves_of(field);
    const Lattice& lattice = task.lattice;
    // Bands add up their gradients on leaves of their own; what comes before is gone through once.
    const Splats projected = project(leaves, lattice);
    const Splats splats{.center = leaf(projected.center),
                        .conic = leaf(projected.conic),
                        .det = projected.det,
                        .feature = leaves.feature};
    const BandLoss band_loss(splats, task, settings);
    Differential result;
    for_each_band(task.target, lattice, settings.bands, [&](const Rows& band) {
        const at::Tensor loss = band_loss(band);
        loss.mul(task.scale).backward();
        const at::Tensor value = loss.detach().to(at::kDouble);
        result.loss = result.loss.defined() ? result.loss.add(value) : value;
    });
    torch::autograd::backward({projected.center, projected.conic}, {splats.center.grad(), splats.conic.grad()});
    result.gradients = {.position = leaves.position.grad(),
                        .inv_scale = leaves.inv_scale.grad(),
                        .rotation = leaves.rotation.grad(),
                        .feature = leaves.feature.grad()};
    return result;
}

}  // namespace gsfit
