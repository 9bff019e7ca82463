#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "cuda/raster/raster.h"
#include "cuda/step/step.h"
#include "gsfit/gaussians/quantisation.h"
#include "gsfit/gpu.h"
#include "gsfit/image.h"
#include "gsfit/optim.h"
#include "gsfit/optim/held.h"
#include "gsfit/types.h"
#include "train/step_loss.h"

namespace gsfit {

/// What the steps that a DeviceStep is made for have in common.
struct StepPlan {
    Blending blending{};
    StepLoss loss{};
    std::optional<Quantisation> quantisation{};  ///< of what is drawn
    std::int64_t stride = 1;                     ///< of the lattice
    std::int64_t bands = 1;
    bool half = false;       ///< drawn images in float16, the loss scaled
    std::int64_t pairs = 0;  ///< of splats and tiles in a band that there is room for
    bool graph = true;       ///< a step's kernels are recorded and launched as one (CUDA graph)

    /// SSIM of blocks takes an image too: there blocks are larger than the tiles that are drawn at once.
    [[nodiscard]] bool draws_image() const { return loss.ssim != 0; }
    /// The phase that has most samples.
    [[nodiscard]] Lattice widest(std::int64_t width, std::int64_t height) const {
        return Lattice::phase(width, height, stride, 0, 0);
    }
    [[nodiscard]] Rows drawn_rows(const Lattice& lattice, const Rows& band) const {
        return loss_rows(lattice, band, loss.of_image());
    }
    /// Rows that are drawn for a band of the lattice, at most.
    [[nodiscard]] std::int64_t most_rows(const Lattice& lattice) const;
    /// No band of a phase has more tiles, wherever among the lattice's tiles it begins.
    [[nodiscard]] gpu::TileGrid largest_grid(const Lattice& widest) const {
        return {widest.width, {gpu::tile_size - 1, most_rows(widest)}};
    }
};

/// A training step on a GPU: a fixed list of kernels over memory that is allocated once. Nothing waits for the GPU: it
/// judges itself whether a step is taken (cuda/step/step.h), and report() is there to be read later. All tensors on one
/// GPU; field and moments are changed in place.
class DeviceStep {
public:
    /// `start`: the report that its steps go on from.
    DeviceStep(const Field& field, const Moments& moments, const PackedImage& target, const StepPlan& plan,
               const gpu::StepReport& start);
    DeviceStep(const DeviceStep&) = delete;
    DeviceStep& operator=(const DeviceStep&) = delete;
    ~DeviceStep();

    /// Whether it was made for these tensors.
    [[nodiscard]] bool is_for(const Field& field, const Moments& moments) const;
    [[nodiscard]] const StepPlan& plan() const { return plan_; }

    /// Loss, gradients and the judgement of them. The lattice is a phase of the plan's stride.
    void differentiate(const Lattice& lattice);
    /// Adam, if the step is to be taken; then the field is within `held`, where there is one.
    void update(const AdamStep& step, const Held* held = nullptr);

    /// Of the last step differentiated: of the loss times its scale.
    [[nodiscard]] const Gradients& gradients() const { return gradients_; }
    /// A copy on the host, on its way when this returns: what read_report() gets when the GPU has come to it.
    [[nodiscard]] at::Tensor report() const { return report_.to(at::kCPU, at::kByte, true, true); }
    /// The same when the GPU has done all that it was given.
    [[nodiscard]] gpu::StepReport finished_report() const;
    /// Why the steps are not launched as graphs, where they were to be; else empty.
    [[nodiscard]] const std::string& graph_problem() const { return graph_problem_; }

private:
    /// Lattices of one size.
    struct Size {
        int uses = 0;
        gpu::Graph graph = nullptr;
    };

    void allocate_lists(const gpu::TileGrid& largest);
    void allocate_planes(std::int64_t samples);
    void allocate_gradients();
    void record(Size& size, const Lattice& seen);
    void enqueue(const Lattice& seen, gpu::Stream stream);
    void enqueue_band(const Lattice& seen, const Rows& band, gpu::Stream stream);
    void list(const gpu::TileGrid& grid, gpu::Stream stream);
    void draw_loss(const gpu::DrawJob& draw, const Lattice& seen, gpu::Stream stream);
    void draw_blocks(const gpu::DrawJob& draw, const Lattice& seen, gpu::Stream stream);
    void draw_image(const gpu::DrawJob& draw, const Lattice& seen, const Rows& band, gpu::Stream stream);
    void judge(const Lattice& seen, gpu::Stream stream);
    /// Of LossSums: the loss of a drawn image is their scalar product.
    [[nodiscard]] std::array<double, 3> sum_factors(const Lattice& seen) const;
    /// Where no image's loss is taken.
    [[nodiscard]] LossJob fused_loss(const Lattice& seen) const;
    [[nodiscard]] Planes drawn_planes() const;
    [[nodiscard]] PackedView seen_target(const Lattice& seen) const;
    [[nodiscard]] gpu::DrawJob job(const gpu::TileGrid& grid) const;

    Gpu gpu_;
    Field field_;
    std::optional<Quantiser> quantiser_;
    Field drawn_;  // field_, or the quantiser's copy of it
    Moments moments_;
    PackedImage target_;
    StepPlan plan_;
    Splats splats_;
    at::Tensor lines_, counts_, offsets_, pairs_, ranges_;
    std::optional<DeviceScratch> scan_, sort_, loss_work_;
    at::Tensor staged_;
    at::Tensor image_, normaliser_, image_gradient_;
    at::Tensor threshold_, planes_, sums_, partial_;
    at::Tensor grad_center_, grad_conic_;
    Gradients gradients_;
    at::Tensor tally_, report_;
    std::map<std::pair<std::int64_t, std::int64_t>, Size> sizes_;  ///< by width and height
    std::string graph_problem_;
};

gpu::StepReport read_report(const at::Tensor& bytes);

/// Room for the pairs of a band that is expected to have so many: an eighth more.
std::int64_t with_room(std::int64_t pairs, std::int64_t gaussians);

}  // namespace gsfit
