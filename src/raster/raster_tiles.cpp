#include "raster/raster_tiles.h"

#include <ATen/ops/empty.h>

#include "gsfit/tile_bins.h"

namespace gsfit {

namespace {

gpu::SplatArrays arrays_of(const Scene& scene) {
    const Splats& splats = scene.splats;
    return {.center = splats.center.const_data_ptr<float>(),
            .conic = splats.conic.const_data_ptr<float>(),
            .det = splats.det.const_data_ptr<float>(),
            .feature = splats.feature.const_data_ptr<float>(),
            .channels = scene.channels(),
            .size = scene.size()};
}

/// threshold: of blend `topk_norm`; else undefined.
gpu::DrawJob job_of(const Scene& scene, const at::Tensor& threshold) {
    const TileBins& tiles = *scene.bins->tiles;
    const gpu::TileLists lists{.lines = static_cast<const gpu::TileSplat*>(tiles.lines.const_data_ptr()),
                               .splats = static_cast<const std::uint32_t*>(tiles.splats.const_data_ptr()),
                               .ranges = static_cast<const std::uint32_t*>(tiles.ranges.const_data_ptr())};
    return gpu::draw_job(tiles.grid, lists, arrays_of(scene), scene.blending,
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
    gpu->gather_gradients(job, arrays_of(scene), planes.const_data_ptr<float>(), partial.data_ptr<float>(),
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

TilesLoss tiles_loss(const Gpu& gpu, const Scene& scene, const LossJob& loss) {
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

}  // namespace gsfit
