#include "raster/scene.h"

#include <c10/core/GradMode.h>

#include <string>

#include "gsfit/core/error.h"
#include "gsfit/gpu.h"

namespace gsfit {

c10::intrusive_ptr<Scene> scene_of(const Splats& splats, const std::shared_ptr<const Bins>& bins,
                                   const Blending& blending) {
    const std::int64_t n = splats.center.defined() ? splats.center.size(0) : 0;
    const auto& feature = splats.feature;
    if (!feature.defined() || feature.dim() != 2 || feature.size(0) != n || feature.scalar_type() != at::kFloat ||
        !feature.is_contiguous()) {
        throw Error("the splats' feature must be a contiguous float32 tensor with a row for each splat");
    }
    if (feature.size(1) < 1 || feature.size(1) > max_channels) {
        throw Error("splats with " + std::to_string(feature.size(1)) + " channels cannot be drawn: 1 to " +
                    std::to_string(max_channels) + " can");
    }
    if (bins == nullptr || bins->splats != n) {
        throw Error("these splats were not binned: call bin() with them first");
    }
    if ((bins->tiles != nullptr) != static_cast<bool>(Gpu(feature))) {
        throw Error("the splats were binned on another device");
    }
    if (bins->cutoff != blending.cutoff || bins->support != blending.support) {
        throw Error("the splats were binned for another cutoff or support");
    }
    if (blending.blend != Blend::sum && !(blending.eps > 0.0F)) {
        throw Error("blend_eps must be above 0: without it a pixel that sees no Gaussian has no value");
    }
    if (blending.topk < 1 || blending.topk > max_topk) {
        throw Error("topk is " + std::to_string(blending.topk) + " but must lie between 1 and " +
                    std::to_string(max_topk));
    }
    auto scene = c10::make_intrusive<Scene>();
    scene->bins = bins;
    scene->splats = {.center = splats.center.detach(),
                     .conic = splats.conic.detach(),
                     .det = splats.det,
                     .feature = feature.detach()};
    scene->blending = blending;
    scene->recorded = c10::GradMode::is_enabled() &&
                      (splats.center.requires_grad() || splats.conic.requires_grad() || feature.requires_grad());
    return scene;
}

void check_target(const Scene& scene, const PackedView& target, const Lattice& lattice) {
    if (lattice.width != scene.bins->width || lattice.height < scene.bins->rows.first + scene.bins->rows.count) {
        throw Error("the splats were binned for another lattice");
    }
    if (target.channels != scene.channels()) {
        throw Error("the target has " + std::to_string(target.channels) + " channels, the Gaussians have " +
                    std::to_string(scene.channels()));
    }
    if (lattice.x < 0 || lattice.y < 0 || lattice.x + (lattice.width - 1) * lattice.stride >= target.width ||
        lattice.y + (lattice.height - 1) * lattice.stride >= target.height) {
        throw Error("the lattice reaches beyond the target");
    }
}

RasterJob job_of(const Scene& scene) {
    return {.bins = scene.bins.get(),
            .feature = scene.splats.feature.const_data_ptr<float>(),
            .channels = scene.channels(),
            .blend = scene.blending.blend,
            .eps = scene.blending.eps,
            .topk = scene.blending.topk};
}

}  // namespace gsfit
