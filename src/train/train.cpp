#include "gsfit/train.h"

#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/variable.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "gsfit/core/error.h"
#include "gsfit/densify.h"
#include "gsfit/eval.h"
#include "gsfit/gaussians.h"
#include "gsfit/loss.h"
#include "gsfit/render.h"
#include "train/pace.h"
#include "train/schedule.h"

namespace gsfit {

namespace {

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

/// The field's tensors as leaves of a graph; they share the field's memory.
Field leaves_of(const Field& field) {
    const auto leaf = [](const at::Tensor& tensor) { return tensor.detach().requires_grad_(true); };
    return {.position = leaf(field.position),
            .inv_scale = leaf(field.inv_scale),
            .rotation = leaf(field.rotation),
            .feature = leaf(field.feature),
            .raster_width = field.raster_width,
            .raster_height = field.raster_height};
}

class Trainer {
public:
    Trainer(const PackedImage& image, const TrainOptions& options, const std::vector<TrainListener>& listeners,
            std::optional<TrainState> state)
        : target_(image.view()),
          options_(options),
          schedule_(options, image.width(), image.height()),
          pace_(options, schedule_),
          listeners_(listeners) {
        clock_ = now();
        state_ = state ? std::move(*state) : first_state();
        clock_ -= state_.seconds;
        random_ = Random(state_.random);
    }

    TrainState run(const std::atomic<bool>* stop) {
        tell(TrainEvent::Kind::started);
        if (done()) evaluate();
        while (!done()) {
            step();
            if (done() || (options_.eval_steps > 0 && state_.step % options_.eval_steps == 0)) evaluate();
            if (done() || (stop != nullptr && stop->load())) break;
            tell(TrainEvent::Kind::stepped);
        }
        tell(TrainEvent::Kind::finished, !done());
        return std::move(state_);
    }

private:
    [[nodiscard]] bool done() const { return state_.progress >= 1.0; }

    TrainState first_state() {
        Random random(options_.seed);
        TrainState state;
        state.field = initial_field(target_,
                                    {.count = schedule_.initial_count(),
                                     .random_ratio = options_.init_random_ratio,
                                     .stride = schedule_.stride(0),
                                     .pitch = schedule_.pitch()},
                                    random);
        state.blending = options_.blending;
        state.moments = Moments::zeros(state.field.size(), state.field.channels());
        state.random = random.state();
        return state;
    }

    void step() {
        const double start = now();
        const Gradients gradients = differentiate(next_lattice());
        const StepSizes sizes = schedule_.step_sizes(state_.progress, pace_.steps());
        whitened_adam(state_.field, state_.moments, gradients, sizes, schedule_.scale_bounds());
        ++state_.step;
        const double end = now();
        state_.seconds = end - clock_;
        constexpr double newest = 0.1;
        mean_step_ += (mean_step_ > 0 ? newest : 1.0) * (end - start - mean_step_);
        state_.progress = pace_.advance(state_, end - start);
        while (state_.growths < schedule_.growths_due(state_.progress)) grow_once();
        constexpr std::int64_t sort_steps = 256;
        if (state_.step % sort_steps == 0) sort(state_.field, state_.moments);
        state_.random = random_.state();
    }

    /// Each phase of the present stride once, in random order, then again.
    Lattice next_lattice() {
        const std::int64_t stride = schedule_.stride(state_.progress);
        auto& phases = state_.phases;
        if (state_.phase_stride != stride || phases.empty()) {
            state_.phase_stride = stride;
            phases.resize(static_cast<std::size_t>(stride * stride));
            for (std::size_t i = 0; i < phases.size(); ++i) phases[i] = static_cast<std::int64_t>(i);
            for (std::size_t i = phases.size(); i > 1; --i) {
                std::swap(phases[i - 1], phases[static_cast<std::size_t>(random_.below(static_cast<std::int64_t>(i)))]);
            }
        }
        const std::int64_t phase = phases.back();
        phases.pop_back();
        return phase_lattice(stride, phase);
    }

    [[nodiscard]] Lattice phase_lattice(std::int64_t stride, std::int64_t phase) const {
        return Lattice::phase(target_.width, target_.height, stride, phase % stride, phase / stride);
    }

    Gradients differentiate(const Lattice& lattice) {
        const Field field = leaves_of(state_.field);
        const at::Tensor loss = loss_of(field, lattice);
        loss.backward();
        loss_ = loss.item<float>();
        return {.position = field.position.grad(),
                .inv_scale = field.inv_scale.grad(),
                .rotation = field.rotation.grad(),
                .feature = field.feature.grad()};
    }

    [[nodiscard]] at::Tensor loss_of(const Field& field, const Lattice& lattice) const {
        if (options_.ssim_loss_ratio == 0) {
            return render_loss(field, lattice, state_.blending, target_, options_.loss);
        }
        const at::Tensor image = render(field, lattice, state_.blending);
        return image_loss(image, target_, lattice, {0, lattice.height},
                          {.pixel = options_.loss, .ssim = options_.ssim_loss_ratio});
    }

    void grow_once() {
        ++state_.growths;
        const std::int64_t room = options_.num_gaussians - state_.field.size();
        const std::int64_t count = std::min(schedule_.growth_count(), room);
        if (count <= 0) return;
        const std::int64_t stride = schedule_.stride(state_.progress);
        const Lattice lattice = phase_lattice(stride, random_.below(stride * stride));
        const at::NoGradGuard no_grad;
        const auto draw = [&](const Rows& rows) { return render(state_.field, lattice.band(rows), state_.blending); };
        const GrowthOptions growth{.count = count, .sigma = schedule_.growth_sigma(), .pitch = schedule_.pitch()};
        grow(state_.field, state_.moments, draw, target_, lattice, growth, random_);
        tell(TrainEvent::Kind::grown);
    }

    /// PSNR on the way; of the finished field SSIM as well.
    void evaluate() {
        if (!done()) {
            psnr_ = evaluate_psnr(state_.field, state_.blending, target_);
        } else {
            const Quality quality = gsfit::evaluate(state_.field, state_.blending, target_);
            psnr_ = quality.psnr;
            ssim_ = quality.ssim;
        }
        tell(TrainEvent::Kind::evaluated);
    }

    void tell(TrainEvent::Kind kind, bool stopped = false) {
        const TrainEvent event{.kind = kind,
                               .state = state_,
                               .loss = loss_,
                               .psnr = psnr_,
                               .ssim = ssim_,
                               .step_scale = schedule_.step_scale(state_.progress),
                               .steps_per_second = mean_step_ > 0 ? 1.0 / mean_step_ : 0.0,
                               .seconds_left = pace_.seconds_left(state_),
                               .stopped = stopped};
        for (const auto& listener : listeners_) listener(event);
    }

    PackedView target_;
    TrainOptions options_;
    Schedule schedule_;
    Pace pace_;
    const std::vector<TrainListener>& listeners_;
    TrainState state_;
    Random random_;
    double clock_ = 0;      // when the run would have started had it never been interrupted
    double mean_step_ = 0;  // [s], running mean
    double loss_ = 0;
    std::optional<double> psnr_;
    std::optional<double> ssim_;
};

void check_fit(const PackedImage& image, const TrainOptions& options, const std::optional<TrainState>& state) {
    options.check();
    const std::int64_t pixels = image.width() * image.height();
    if (options.num_gaussians > pixels) {
        throw UsageError("num_gaussians is " + std::to_string(options.num_gaussians) + ", but the image has only " +
                         std::to_string(pixels) + " pixels: ask for fewer");
    }
    if (!state) return;
    const Field& field = state->field;
    if (field.raster_width != image.width() || field.raster_height != image.height() ||
        field.channels() != image.channels()) {
        throw InputError("the saved state belongs to an image of " + std::to_string(field.raster_width) + " x " +
                         std::to_string(field.raster_height) + " pixels and " + std::to_string(field.channels()) +
                         " channels, not to this one");
    }
}

}  // namespace

TrainState train(const PackedImage& image, const TrainOptions& options, const std::vector<TrainListener>& listeners,
                 std::optional<TrainState> state, const std::atomic<bool>* stop) {
    check_fit(image, options, state);
    return Trainer(image, options, listeners, std::move(state)).run(stop);
}

}  // namespace gsfit
