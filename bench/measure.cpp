#include "bench/measure.h"

#include <ATen/core/Tensor.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <memory>
#include <utility>

#include "bench/machine.h"
#include "bench/scene.h"
#include "gsfit/bin.h"
#include "gsfit/core/parallel.h"
#include "gsfit/loss.h"
#include "gsfit/optim.h"
#include "gsfit/project.h"
#include "gsfit/raster.h"

namespace gsfit::bench {
namespace {

constexpr double enough_ms = 2000;
constexpr int least_repetitions = 3;

class Stopwatch {
public:
    /// [ms] since the last lap, or the start.
    double lap() {
        const auto now = std::chrono::steady_clock::now();
        const std::chrono::duration<double, std::milli> time = now - last_;
        last_ = now;
        return time.count();
    }

private:
    std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

struct Work {
    Scene scene;
    Moments moments;
    Lattice lattice;
    Blending blending;
    float ssim;
    SsimWindows windows;

    [[nodiscard]] at::Tensor loss(const Splats& splats, const std::shared_ptr<const Bins>& bins) const {
        if (ssim == 0 || windows == SsimWindows::block) {
            return rasterize_loss(splats, bins, blending, scene.target, lattice, PixelLoss(), ssim);
        }
        const at::Tensor image = rasterize(splats, bins, blending, at::kFloat);
        return image_loss(image, scene.target, lattice, {0, lattice.height}, {.pixel = PixelLoss(), .ssim = ssim});
    }
};

Work make_work(const Row& row) {
    Scene scene = make_scene(row);
    for (at::Tensor* tensor :
         {&scene.field.position, &scene.field.inv_scale, &scene.field.rotation, &scene.field.feature}) {
        tensor->set_requires_grad(true);
    }
    const auto moments = Moments::zeros(scene.field.size(), scene.field.channels());
    const Blending blending{
        .blend = row.blend, .cutoff = row.cutoff, .eps = 30 * std::exp(-row.cutoff * row.cutoff / 2)};
    return {.scene = std::move(scene),
            .moments = moments,
            .lattice = row.lattice(),
            .blending = blending,
            .ssim = row.ssim,
            .windows = row.windows};
}

Gradients take_gradients(Field& field) {
    const auto take = [](at::Tensor& tensor) { return std::move(tensor.mutable_grad()); };
    return {take(field.position), take(field.inv_scale), take(field.rotation), take(field.feature)};
}

void run_stages(Work& work, Times& ms) {
    Field& field = work.scene.field;
    Stopwatch watch;
    const Splats splats = project(field, work.lattice);
    ms[stage_project] = watch.lap();
    const auto bins = bin(splats, work.lattice.width, work.lattice.height, work.blending);
    ms[stage_bin] = watch.lap();
    const at::Tensor loss = work.loss(splats, bins);
    ms[stage_raster] = watch.lap();
    loss.backward();
    ms[stage_backward] = watch.lap();
    // Steps of length 0: the arithmetic is the same, and so is the next repetition's field.
    whitened_adam(field, work.moments, take_gradients(field), StepSizes(), ScaleBounds());
    ms[stage_adam] = watch.lap();
}

/// The raster stage without gradients.
double time_forward(const Work& work) {
    Field field = work.scene.field;
    for (at::Tensor* tensor : {&field.position, &field.inv_scale, &field.rotation, &field.feature}) {
        *tensor = tensor->detach();
    }
    const Splats splats = project(field, work.lattice);
    const auto bins = bin(splats, work.lattice.width, work.lattice.height, work.blending);
    Stopwatch watch;
    const at::Tensor loss = work.loss(splats, bins);
    return watch.lap();
}

Times run_once(Work& work) {
    Times ms{};
    Stopwatch watch;
    run_stages(work, ms);
    ms[stage_step] = watch.lap();  // with the freeing of what the stages made
    ms[stage_forward] = time_forward(work);
    return ms;
}

}  // namespace

Measurement measure(const Row& row, int repeat) {
    Measurement result{.start_mb = resident_mb()};
    use_simd(row.simd);
    set_threads(row.threads);
    Work work = make_work(row);
    result.ms.fill(std::numeric_limits<double>::infinity());
    double spent_ms = 0;
    for (int done = 0; repeat > 0 ? done < repeat : done < least_repetitions || spent_ms < enough_ms; ++done) {
        Stopwatch watch;
        const Times ms = run_once(work);
        std::transform(ms.begin(), ms.end(), result.ms.begin(), result.ms.begin(),
                       [](double a, double b) { return std::min(a, b); });
        spent_ms += watch.lap();
    }
    result.peak_mb = resident_peak_mb();
    result.pairs = count_pairs(project(work.scene.field, work.lattice), work.lattice, row.cutoff);
    return result;
}

}  // namespace gsfit::bench
