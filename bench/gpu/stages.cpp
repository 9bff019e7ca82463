#include "bench/gpu/stages.h"

#include <ATen/DeviceAccelerator.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>

#include <cmath>
#include <tuple>
#include <utility>
#include <vector>

#include "bench/gpu/timer.h"
#include "bench/scene.h"
#include "gsfit/bin.h"
#include "gsfit/gaussians.h"
#include "gsfit/gpu.h"
#include "gsfit/image.h"
#include "gsfit/memory/device_memory.h"
#include "gsfit/optim.h"
#include "gsfit/project.h"
#include "gsfit/raster.h"
#include "gsfit/tile_bins.h"
#include "raster/raster_kernels.h"
#include "train/device_step.h"

namespace gsfit::bench {
namespace {

using Json = nlohmann::ordered_json;

constexpr Blending topk_norm{.blend = Blend::topk_norm, .eps = 1e-4F};

/// What rasterize_loss() launches one after the other, each by itself.
class LossKernels {
public:
    LossKernels(const Splats& splats, const Bins& bins, const Blending& blending, const LossJob& loss)
        : gpu_(splats.feature), splats_(splats), tiles_(*bins.tiles), blending_(blending), loss_(loss) {
        const auto options = splats.feature.options();
        const auto channels = splats.feature.size(1);
        sums_ = at::empty({gpu_->draw_loss_sums(tiles_.grid, job().channels)}, options.dtype(at::kDouble));
        planes_ =
            at::empty({gpu::gradient_planes(job().channels, job().normalise), bins.rows.count, bins.width}, options);
        partial_ = at::empty({gpu_->gather_partial_floats(splats.feature.size(0), job().channels)}, options);
        for (const std::int64_t columns : {std::int64_t{2}, std::int64_t{3}, channels}) {
            gradients_.push_back(at::empty({splats.feature.size(0), columns}, options));
        }
    }

    void draw() const {
        gpu_->draw_loss(job(), loss_, sums_.data_ptr<double>(), planes_.data_ptr<float>(), gpu_.stream());
    }

    void gather() const {
        gpu_->gather_gradients(
            job(), splat_arrays(splats_), planes_.const_data_ptr<float>(), partial_.data_ptr<float>(),
            {gradients_[0].data_ptr<float>(), gradients_[1].data_ptr<float>(), gradients_[2].data_ptr<float>()},
            gpu_.stream());
    }

    [[nodiscard]] std::int64_t plane_bytes() const { return static_cast<std::int64_t>(planes_.nbytes()); }

private:
    [[nodiscard]] gpu::DrawJob job() const {
        return gpu::draw_job(tiles_.grid, tiles_.lists(), splat_arrays(splats_), blending_);
    }

    Gpu gpu_;
    const Splats& splats_;
    const TileBins& tiles_;
    const Blending& blending_;
    LossJob loss_;
    at::Tensor sums_, planes_, partial_;
    std::vector<at::Tensor> gradients_;
};

class Stages {
public:
    Stages(const Row& row, const at::Device& device, double bandwidth)
        : row_(row), device_(device), bandwidth_(bandwidth), scene_(make_scene(row)) {
        target_ = PackedImage(scene_.target, nullptr).on_device(device);
        field_ = on_device(scene_.field, device);
        moments_ = Moments::zeros(row.gaussians, field_.channels(), device);
    }

    Json time() {
        at::accelerator::resetPeakStats(device_.index());
        const std::int64_t pairs = time_kernels();
        const StepPlan l2{.blending = blending_, .loss = {.pixel = {0, 1}}, .pairs = pairs};
        StepPlan variant = l2;
        time_step("step_l2", l2);
        variant.graph = false;
        time_step("step_l2_no_graph", variant);
        variant = l2;
        variant.loss.ssim = 0.1F;
        variant.loss.windows = SsimWindows::block;
        time_step("step_l2_ssim_of_blocks", variant);
        variant = l2;
        variant.blending = topk_norm;
        time_step("step_l2_topk_norm", variant);
        variant.loss = {.pixel = {1, 0}, .ssim = 0.1F};
        time_step("step_l1_ssim_topk_norm", variant);
        variant.blending = blending_;
        time_step("step_l1_ssim", variant);
        variant.half = true;
        time_step("step_l1_ssim_amp", variant);
        const auto memory = device_memory(device_.index());
        return {{"width", row_.width},
                {"height", row_.height},
                {"gaussians", row_.gaussians},
                {"tile_pairs", pairs},
                {"peak_bytes", memory ? memory->peak_allocated : 0},
                {"stages", std::move(stages_)}};
    }

private:
    /// Returns the pairs of splats and tiles.
    std::int64_t time_kernels() {
        const at::NoGradGuard no_gradients;
        const Splats splats = project(field_, lattice_);
        const auto bins = bin(splats, row_.width, row_.height, blending_);
        const std::int64_t image = image_bytes(row_.width, row_.height, field_.channels(), at::kFloat);
        const auto target = static_cast<std::int64_t>(target_.info().bytes());
        const auto per_value = static_cast<float>(1.0 / static_cast<double>(lattice_.samples() * field_.channels()));
        const LossKernels loss(splats, *bins, blending_, {target_.view(), lattice_, 0, per_value});
        add("project", [&] { project(field_, lattice_); });
        add("bin", [&] { bin(splats, row_.width, row_.height, blending_); });
        add(
            "draw", [&] { rasterize(splats, bins, blending_); }, image);
        add(
            "draw_topk_norm", [&] { rasterize(splats, bins, topk_norm); }, image);
        add(
            "draw_half", [&] { rasterize(splats, bins, blending_, at::kHalf); }, image / 2);
        add(
            "draw_loss_and_planes", [&] { loss.draw(); }, loss.plane_bytes() + target);
        add("gather", [&] { loss.gather(); });
        time_adam();
        return bins->tiles->splats.numel();
    }

    /// Steps of length 0 here and below: the arithmetic is the same, and so is the next repetition's field.
    void time_adam() {
        const Gradients gradients{
            at::empty_like(field_.position).fill_(1e-6), at::empty_like(field_.inv_scale).fill_(1e-6),
            at::empty_like(field_.rotation).fill_(1e-6), at::empty_like(field_.feature).fill_(1e-6)};
        const std::int64_t read_and_written =
            field_bytes(row_.gaussians, field_.channels()) + moments_bytes(row_.gaussians, field_.channels());
        add(
            "adam", [&] { whitened_adam(field_, moments_, gradients, StepSizes(), ScaleBounds()); },
            2 * read_and_written + field_bytes(row_.gaussians, field_.channels()));
    }

    void time_step(const char* name, const StepPlan& plan) {
        DeviceStep step(field_, moments_, target_, plan, {.scale = LossScale().scale});
        const auto whole_step = [&] {
            step.differentiate(lattice_);
            step.update(WhitenedRates());
        };
        for (int i = 0; i < 3; ++i) whole_step();  // records the graph
        add(name, whole_step);
    }

    /// least_bytes: what the stage cannot but read and write of the GPU's memory; 0: not plain to see.
    void add(const char* name, const std::function<void()>& work, std::int64_t least_bytes = 0) {
        const auto times = time_on(device_, work);
        const double median = times[times.size() / 2];
        Json stage{{"median_ms", median}, {"minimum_ms", times.front()}, {"repetitions", times.size()}};
        if (least_bytes > 0) {
            stage["least_bytes"] = least_bytes;
            stage["share_of_bandwidth"] = static_cast<double>(least_bytes) / (median / 1000) / bandwidth_;
        }
        stages_[name] = std::move(stage);
    }

    Row row_;
    at::Device device_;
    double bandwidth_;
    Scene scene_;
    Lattice lattice_ = row_.lattice();
    Blending blending_;
    PackedImage target_{PackedView(), nullptr};
    Field field_;
    Moments moments_;
    Json stages_ = Json::object();
};

}  // namespace

Json time_stages(const at::Device& device, double bandwidth) {
    Json table = Json::array();
    for (const auto& [width, height, gaussians] :
         {std::tuple{2048, 1152, 10000}, {3840, 2160, 20000}, {7680, 4320, 30000}, {15360, 8640, 60000}}) {
        const Row row{.width = width, .height = height, .gaussians = gaussians};
        table.push_back(Stages(row, device, bandwidth).time());
        at::accelerator::emptyCache();
    }
    return table;
}

}  // namespace gsfit::bench
