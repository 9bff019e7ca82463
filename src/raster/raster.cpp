#include "gsfit/raster.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/scalar_tensor.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "gsfit/core/error.h"
#include "gsfit/core/parallel.h"
#include "gsfit/gpu.h"
#include "raster/buffer.h"
#include "raster/raster_kernels.h"
#include "raster/raster_tiles.h"
#include "raster/scene.h"
#include "raster/slots.h"

namespace gsfit {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// Gradients of the splats from their slots, {center, conic, feature}.
variable_list reduce(const Scene& scene, const float* slots) {
    const std::int64_t n = scene.splats.feature.size(0);
    const std::int64_t channels = scene.splats.feature.size(1);
    auto center = at::empty({n, 2}, scene.splats.feature.options());
    auto conic = at::empty({n, 3}, scene.splats.feature.options());
    auto feature = at::empty({n, channels}, scene.splats.feature.options());
    float* center_data = center.data_ptr<float>();
    float* conic_data = conic.data_ptr<float>();
    float* feature_data = feature.data_ptr<float>();
    sum_slots(scene, slots, geometry_columns + channels, [&](std::int64_t i, const float* sum) {
        std::copy_n(sum, 2, center_data + 2 * i);
        std::copy_n(sum + 2, 3, conic_data + 3 * i);
        std::copy_n(sum + geometry_columns, channels, feature_data + channels * i);
    });
    return {center, conic, feature};
}

/// Kept from step to step and never cleared: slots are written before they are read.
thread_local Buffer<float> slot_memory;

std::size_t slot_floats(std::int64_t pairs, std::int64_t channels) {
    return static_cast<std::size_t>(pairs * (geometry_columns + channels));
}

float* slots_of(const Scene& scene) {
    return slot_memory.reserve(slot_floats(scene.bins->pair_count(), scene.splats.feature.size(1)));
}

class RasterizeFunction : public torch::autograd::Function<RasterizeFunction> {
public:
    static at::Tensor forward(AutogradContext* context, const at::Tensor& /*center*/, const at::Tensor& /*conic*/,
                              const at::Tensor& feature, const c10::intrusive_ptr<Scene>& scene, at::ScalarType type) {
        const Bins& bins = *scene->bins;
        const std::int64_t rows = bins.rows.count;
        Drawn drawn;
        drawn.image = at::empty({feature.size(1), rows, bins.width}, feature.options().dtype(type));
        if (scene->recorded && scene->normalised()) {
            drawn.normaliser = at::empty({rows, bins.width}, feature.options());
            if (scene->selects()) drawn.threshold = at::empty({rows, bins.width}, feature.options());
            context->save_for_backward({drawn.image, drawn.normaliser, drawn.threshold});
        }
        context->saved_data["scene"] = c10::IValue::make_capsule(scene);
        if (const Gpu gpu(feature); gpu) {
            draw_tiles(gpu, *scene, drawn);
            return drawn.image;
        }
        const RasterJob job = job_of(*scene);
        const Planes planes = drawn.planes();
        parallel_for(bins.block_count(), [&](std::int64_t block) { rasterize_block(job, block, planes); });
        return drawn.image;
    }

    static variable_list backward(AutogradContext* context, const variable_list& gradients) {
        const auto scene = c10::static_intrusive_pointer_cast<Scene>(context->saved_data["scene"].toCapsule());
        const auto saved = context->get_saved_variables();
        const auto gradient = gradients[0].contiguous();
        const Drawn drawn = saved.empty() ? Drawn{} : Drawn{saved[0], saved[1], saved[2]};
        if (const Gpu gpu(gradient); gpu) {
            const auto splats = differentiate_tiles(gpu, *scene, drawn, gradient);
            return {splats[0], splats[1], splats[2], at::Tensor(), at::Tensor()};
        }
        const Planes planes = drawn.planes();
        float* slots = slots_of(*scene);
        const RasterJob job = job_of(*scene);
        parallel_for(scene->bins->block_count(), [&](std::int64_t block) {
            rasterize_block_backward(job, block, planes, pixels_of(gradient), slots);
        });
        auto splats = reduce(*scene, slots);
        return {splats[0], splats[1], splats[2], at::Tensor(), at::Tensor()};
    }
};

/// The loss is a scalar, so its gradient is made along with it, block by block, and only scaled in backward.
class RasterizeLossFunction : public torch::autograd::Function<RasterizeLossFunction> {
public:
    static at::Tensor forward(AutogradContext* context, const at::Tensor& /*center*/, const at::Tensor& /*conic*/,
                              const at::Tensor& feature, const c10::intrusive_ptr<Scene>& scene, const LossJob& loss) {
        if (const Gpu gpu(feature); gpu) {
            const TilesLoss result = tiles_loss(gpu, *scene, loss);
            if (scene->recorded) context->save_for_backward(result.gradients);
            return result.loss;
        }
        const auto blocks = static_cast<std::size_t>(scene->bins->block_count());
        std::vector<double> sums(blocks);
        float* slots = scene->recorded ? slots_of(*scene) : nullptr;
        const RasterJob job = job_of(*scene);
        parallel_for(scene->bins->block_count(), [&](std::int64_t block) {
            sums[static_cast<std::size_t>(block)] = rasterize_block_loss(job, block, loss, slots);
        });
        if (scene->recorded) context->save_for_backward(reduce(*scene, slots));
        return at::scalar_tensor(std::accumulate(sums.begin(), sums.end(), 0.0), feature.options());
    }

    static variable_list backward(AutogradContext* context, const variable_list& gradients) {
        auto splats = context->get_saved_variables();
        const bool is_one = gradients[0].is_cpu() && gradients[0].item<float>() == 1.0F;
        if (!is_one) {
            for (auto& gradient : splats) gradient = gradient.mul(gradients[0]);
        }
        return {splats[0], splats[1], splats[2], at::Tensor(), at::Tensor()};
    }
};

}  // namespace

at::Tensor rasterize(const Splats& splats, const std::shared_ptr<const Bins>& bins, const Blending& blending,
                     at::ScalarType type) {
    const auto scene = scene_of(splats, bins, blending);
    if (type != at::kFloat && type != at::kHalf) throw Error("an image is drawn in float32 or float16");
    return RasterizeFunction::apply(splats.center, splats.conic, splats.feature, scene, type);
}

at::Tensor rasterize_loss(const Splats& splats, const std::shared_ptr<const Bins>& bins, const Blending& blending,
                          const PackedView& target, const Lattice& lattice, const PixelLoss& loss, float ssim) {
    const auto scene = scene_of(splats, bins, blending);
    check_target(*scene, target, lattice);
    const LossJob job = loss_job(target, lattice, loss.l1, loss.l2, ssim);
    return RasterizeLossFunction::apply(splats.center, splats.conic, splats.feature, scene, job);
}

std::int64_t image_bytes(std::int64_t width, std::int64_t rows, int channels, at::ScalarType type) {
    return width * rows * channels * static_cast<std::int64_t>(c10::elementSize(type));
}

std::int64_t normaliser_bytes(std::int64_t width, std::int64_t rows) { return image_bytes(width, rows, 1, at::kFloat); }

std::int64_t slot_bytes(std::int64_t pairs, int channels) {
    return static_cast<std::int64_t>(Buffer<float>::grown_to(slot_floats(pairs, channels)) * sizeof(float));
}

std::int64_t splat_gradient_bytes(std::int64_t splats, int channels) {
    return splats * (geometry_columns + channels) * static_cast<std::int64_t>(sizeof(float));
}

void release_raster_memory() { slot_memory.release(); }

}  // namespace gsfit
