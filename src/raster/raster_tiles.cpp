#include "raster/raster_tiles.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>

#include "gsfit/tile_bins.h"

namespace gsfit {

namespace {

/// threshold: of blend `topk_norm`; else undefined.
gpu::DrawJob job_of(const Scene& scene, const at::Tensor& threshold) {
    const TileBins& tiles = *scene.bins->tiles;
    return gpu::draw_job(tiles.grid, tiles.lists(), splat_arrays(scene.splats), scene.blending,
                         threshold.defined() ? threshold.const_data_ptr<float>() : nullptr);
}

/// Fills `into`, or where that is undefined a plane of its own. Undefined for blends that have no thresholds.
at::Tensor thresholds_of(const Gpu& gpu, const Scene& scene, const at::Tensor& into) {
    if (!scene.selects()) return {};
    at::Tensor threshold =
        into.defined() ? into : at::empty({scene.bins->rows.count, scene.bins->width}, scene.splats.feature.options());
    gpu->find_thresholds(job_of(scene, {}), scene.blending.topk, threshold.data_ptr<float>(), gpu.stream());
    return threshold;
}

at::Tensor empty_planes(const Scene& scene) {
    return at::empty(
        {gpu::gradient_planes(scene.channels(), scene.normalised()), scene.bins->rows.count, scene.bins->width},
        scene.splats.feature.options());
}

std::vector<at::Tensor> gather(const Gpu& gpu, const Scene& scene, const gpu::DrawJob& job, const at::Tensor& planes) {
    const auto options = scene.splats.feature.options();
    const std::int64_t n = scene.size();
    std::vector<at::Tensor> gradients{at::empty({n, 2}, options), at::empty({n, 3}, options),
                                      at::empty({n, scene.channels()}, options)};
    const auto partial = at::empty({gpu->gather_partial_floats(n, scene.channels())}, options);
    gpu->gather_gradients(job, splat_arrays(scene.splats), planes.const_data_ptr<float>(), partial.data_ptr<float>(),
                          {.center = gradients[0].data_ptr<float>(),
                           .conic = gradients[1].data_ptr<float>(),
                           .feature = gradients[2].data_ptr<float>()},
                          gpu.stream());
    return gradients;
}

}  // namespace

void draw_tiles(const Gpu& gpu, const Scene& scene, const Drawn& drawn) {
    const at::Tensor threshold = thresholds_of(gpu, scene, drawn.threshold);
    gpu->draw_image(job_of(scene, threshold), drawn.planes(), gpu.stream());
}

std::vector<at::Tensor> differentiate_tiles(const Gpu& gpu, const Scene& scene, const Drawn& drawn,
                                            const at::Tensor& gradient) {
    const gpu::DrawJob job = job_of(scene, drawn.threshold);
    const at::Tensor planes = empty_planes(scene);
    gpu->differentiate_image(job, drawn.planes(), pixels_of(gradient), planes.data_ptr<float>(), gpu.stream());
    return gather(gpu, scene, job, planes);
}

namespace {

/// SSIM looks across tiles, so the image is drawn.
TilesLoss tiles_similarity(const Gpu& gpu, const Scene& scene, const LossJob& loss) {
    const auto options = scene.splats.feature.options();
    const std::int64_t rows = scene.bins->rows.count;
    Drawn drawn;
    drawn.image = at::empty({scene.channels(), rows, scene.bins->width}, options);
    if (scene.normalised()) drawn.normaliser = at::empty({rows, scene.bins->width}, options);
    if (scene.selects()) drawn.threshold = at::empty({rows, scene.bins->width}, options);
    draw_tiles(gpu, scene, drawn);
    const gpu::DrawJob job = job_of(scene, drawn.threshold);
    const at::Tensor sums = at::empty({gpu->block_loss_sums(job.grid, job.channels)}, options.dtype(at::kDouble));
    const at::Tensor gradient = scene.recorded ? at::empty_like(drawn.image) : at::Tensor();
    gpu->block_loss(job, drawn.image.const_data_ptr<float>(), loss, sums.data_ptr<double>(),
                    scene.recorded ? gradient.data_ptr<float>() : nullptr, gpu.stream());
    TilesLoss result{.loss = sums[0].to(at::kFloat), .gradients = {}};
    if (scene.recorded) result.gradients = differentiate_tiles(gpu, scene, drawn, gradient);
    return result;
}

}  // namespace

TilesLoss tiles_loss(const Gpu& gpu, const Scene& scene, const LossJob& loss) {
    if (loss.ssim != 0) return tiles_similarity(gpu, scene, loss);
    const at::Tensor threshold = thresholds_of(gpu, scene, {});
    const gpu::DrawJob job = job_of(scene, threshold);
    const auto options = scene.splats.feature.options();
    const at::Tensor sums = at::empty({gpu->draw_loss_sums(job.grid, job.channels)}, options.dtype(at::kDouble));
    const at::Tensor planes = scene.recorded ? empty_planes(scene) : at::Tensor();
    gpu->draw_loss(job, loss, sums.data_ptr<double>(), scene.recorded ? planes.data_ptr<float>() : nullptr,
                   gpu.stream());
    TilesLoss result{.loss = sums[0].to(at::kFloat), .gradients = {}};
    if (scene.recorded) result.gradients = gather(gpu, scene, job, planes);
    return result;
}

at::Tensor tiles_removal_costs(const Gpu& gpu, const Scene& scene, const LossJob& against) {
    const auto options = scene.splats.feature.options();
    const std::int64_t rows = scene.bins->rows.count;
    Drawn drawn;
    drawn.image = at::empty({scene.channels(), rows, scene.bins->width}, options);
    if (scene.normalised()) drawn.normaliser = at::empty({rows, scene.bins->width}, options);
    draw_tiles(gpu, scene, drawn);
    const at::Tensor partial = at::empty({gpu->removal_floats(scene.size())}, options);
    at::Tensor costs = at::empty({scene.size()}, options);
    gpu->removal_costs(job_of(scene, {}), drawn.planes(), against, scene.size(), partial.data_ptr<float>(),
                       costs.data_ptr<float>(), gpu.stream());
    return costs;
}

}  // namespace gsfit
