#include "gsfit/train.h"

#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "gsfit/core/error.h"
#include "gsfit/densify.h"
#include "gsfit/eval.h"
#include "gsfit/gaussians.h"
#include "gsfit/gpu.h"
#include "gsfit/render.h"
#include "train/device_steps.h"
#include "train/keeper.h"
#include "train/mixed_precision.h"
#include "train/pace.h"
#include "train/schedule.h"
#include "train/step.h"

namespace gsfit {

namespace {

TrainState on_device(TrainState state, const at::Device& device) {
    for (at::Tensor* tensor : {&state.field.position, &state.field.inv_scale, &state.field.rotation,
                               &state.field.feature, &state.moments.first, &state.moments.second, &state.moments.age}) {
        *tensor = tensor->to(device);
    }
    return state;
}

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

class Trainer {
public:
    Trainer(PackedImage image, const TrainOptions& options, const std::vector<TrainListener>& listeners,
            std::optional<TrainState> state)
        : target_(std::move(image)),
          options_(options),
          schedule_(options, target_.width(), target_.height()),
          pace_(options, schedule_),
          listeners_(listeners),
          memory_(target_, options, [this](const std::string& sentence) { notices_.push_back(sentence); }) {
        clock_ = now();
        const TrainState start = state ? std::move(*state) : first_state();
        memory_.attempt([&] {
            state_ = on_device(start, options_.device);
            if (!options_.device.is_cpu()) device_target_ = target_.on_device(options_.device);
        });
        if (Gpu(state_.field.position)) device_steps_.emplace(state_.field, seen_target(), options_);
        looked_at_step_ = state_.step;
        clock_ -= state_.seconds;
        random_ = Random(state_.random);
    }

    TrainState run(const std::atomic<bool>* stop) {
        try {
            fit(stop);
        } catch (const std::exception& error) {
            const bool exhausted = dynamic_cast<const MemoryError*>(&error) != nullptr || is_out_of_memory(error);
            if (exhausted) save_what_was_learned();
            throw;
        }
        return on_device(std::move(state_), at::kCPU);
    }

private:
    void save_what_was_learned() {
        try {
            look();
        } catch (const std::exception&) {
            return;  // the GPU does not answer: what it learned since the last checkpoint is lost
        }
        send(TrainEvent::Kind::finished, true);
    }

    void fit(const std::atomic<bool>* stop) {
        tell(TrainEvent::Kind::started);
        if (done()) evaluate();
        while (!done()) {
            if (!step()) continue;
            const bool stopping = stop != nullptr && stop->load();
            const bool evaluating = done() || (options_.eval_steps > 0 && state_.step % options_.eval_steps == 0);
            const bool telling = watched();
            if ((evaluating || stopping || telling) && !look()) continue;
            if (evaluating) evaluate();
            if (done() || stopping) break;
            if (telling) tell(TrainEvent::Kind::stepped);
            memory_.relieve();
        }
        tell(TrainEvent::Kind::finished, !done());
    }

    /// Whether listeners are told of this step.
    [[nodiscard]] bool watched() const {
        constexpr double often = 0.1;  // [s]
        return !device_steps_ || !options_.watched || options_.watched(state_.step) || now() - told_ > often;
    }

    [[nodiscard]] bool done() const { return state_.progress >= 1.0; }

    TrainState first_state() {
        TrainState state;
        memory_.attempt([&] {
            Random random(options_.seed);
            state.field = initial_field(target_.view(),
                                        {.count = schedule_.initial_count(),
                                         .random_ratio = options_.init_random_ratio,
                                         .stride = schedule_.stride(0),
                                         .pitch = schedule_.pitch(),
                                         .forget = forget_target()},
                                        random);
            state.moments = Moments::zeros(state.field.size(), state.field.channels());
            state.random = random.state();
        });
        state.blending = options_.blending;
        state.loss_scale =
            MixedPrecision::first_scale(static_cast<double>(target_.width() * target_.height()) * target_.channels());
        return state;
    }

    /// The target where training computes.
    [[nodiscard]] const PackedImage& seen_target() const { return device_target_ ? *device_target_ : target_; }

    /// Lets a mapped target's pages go.
    [[nodiscard]] Forget forget_target() const {
        return [this] { target_.drop({0, target_.height()}); };
    }

    /// False when training went back to an earlier step.
    bool step() {
        const double start = now();
        if (device_steps_) {
            if (!give_step()) return false;
        } else if (const auto gradients = differentiate_next()) {
            whitened_adam(state_.field, state_.moments, *gradients, step_sizes(), schedule_.scale_bounds());
        }
        ++state_.step;
        count_time(start);
        const bool growing = state_.growths < schedule_.growths_due(state_.progress);
        constexpr std::int64_t sort_steps = 256;
        const bool sorting = state_.step % sort_steps == 0;
        if (growing || sorting) {
            if (!look()) return false;
            if (device_steps_) device_steps_->let_go();  // it is for the tensors as they were
        }
        while (state_.growths < schedule_.growths_due(state_.progress)) grow_once();
        if (sorting) between_steps([&] { sort(state_.field, state_.moments); });
        state_.random = random_.state();
        return true;
    }

    /// Work between steps, repeated without what steps keep on a GPU when memory fails.
    template <class Work>
    void between_steps(const Work& work) {
        bool again = false;
        memory_.attempt([&] {
            if (std::exchange(again, true) && device_steps_) device_steps_->let_go();
            work();
        });
    }

    [[nodiscard]] StepSizes step_sizes() const { return schedule_.step_sizes(state_.progress, pace_.steps()); }

    /// What the step that began at `start` took; on a GPU, which has not done it yet, the mean of those before the host
    /// last looked.
    void count_time(double start) {
        const double end = now();
        state_.seconds = end - clock_;
        const double took = device_steps_ && device_step_seconds_ > 0 ? device_step_seconds_ : end - start;
        constexpr double newest = 0.1;
        mean_step_ += (mean_step_ > 0 ? newest : 1.0) * (took - mean_step_);
        state_.progress = pace_.advance(state_, took);
    }

    /// The next step on a GPU; false when training went back to an earlier one instead.
    bool give_step() {
        const std::int64_t stride = schedule_.stride(state_.progress);
        if (device_steps_->wants_a_look() && !look()) return false;
        if (!device_steps_->is_ready_for(state_, stride, memory_.settings())) {
            if (!look()) return false;
            memory_.attempt([&] { device_steps_->get_ready_for(state_, stride, memory_.settings()); });
        }
        if (looked_at_step_ == state_.step) looked_ = now();
        const TrainState before = state_;
        const Lattice lattice = next_lattice();
        state_.random = random_.state();
        try {
            device_steps_->give(before, lattice, step_sizes(), schedule_.scale_bounds());
        } catch (...) {
            state_ = before;
            throw;
        }
        return true;
    }

    /// Waits for the steps that a GPU was given, so that all of `state_` is as after the last of them. False when
    /// training went back to an earlier one instead.
    bool look() {
        if (!device_steps_) return true;
        const std::int64_t given = state_.step;
        const DeviceSteps::Outcome outcome = device_steps_->look(state_);
        const double end = now();
        state_.seconds = end - clock_;
        if (given > looked_at_step_)
            device_step_seconds_ = (end - looked_) / static_cast<double>(given - looked_at_step_);
        looked_at_step_ = state_.step;
        loss_ = device_steps_->loss();
        if (const std::string sentence = device_steps_->take_notice(); !sentence.empty()) notices_.push_back(sentence);
        if (outcome == DeviceSteps::Outcome::amp_failed) forgo_amp(state_.step);
        if (state_.step == given) return true;
        random_ = Random(state_.random);
        return false;
    }

    void forgo_amp(std::int64_t step) {
        memory_.forgo_amp("step " + std::to_string(step) + " had no finite gradient in half precision");
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
        return Lattice::phase(target_.width(), target_.height(), stride, phase % stride, phase / stride);
    }

    /// The gradients of the next step; none when it has to be skipped.
    std::optional<Gradients> differentiate_next() {
        const Lattice lattice = next_lattice();
        const ImageLoss loss{.pixel = options_.loss, .ssim = options_.ssim_loss_ratio};
        Differential differential;
        memory_.attempt([&] {
            const StepTask task{.lattice = lattice,
                                .blending = state_.blending,
                                .target = target_,
                                .loss = loss,
                                .scale = half_images() ? state_.loss_scale.scale : 1.0};
            differential = differentiate(state_.field, task, memory_.settings());
        });
        loss_ = differential.loss.item<double>();
        if (!half_images()) return differential.gradients;
        switch (mixed_precision_.judge(differential, state_)) {
            case MixedPrecision::Verdict::take:
                return differential.gradients;
            case MixedPrecision::Verdict::fail:
                forgo_amp(state_.step + 1);
                break;
            case MixedPrecision::Verdict::skip:
                break;
        }
        return std::nullopt;
    }

    /// Only where there are images to be kept in half precision.
    [[nodiscard]] bool half_images() const { return memory_.settings().amp && draws_image(options_); }

    void grow_once() {
        ++state_.growths;
        const std::int64_t room = options_.num_gaussians - state_.field.size();
        const std::int64_t count = std::min(schedule_.growth_count(), room);
        if (count <= 0) return;
        const std::int64_t stride = schedule_.stride(state_.progress);
        const Lattice lattice = phase_lattice(stride, random_.below(stride * stride));
        const Forget forget = forget_target();
        const auto draw = [&](const Rows& rows) {
            forget();
            return render(state_.field, lattice.band(rows), state_.blending);
        };
        const GrowthOptions growth{
            .count = count, .sigma = schedule_.growth_sigma(), .pitch = schedule_.pitch(), .forget = forget};
        const Random::State random = random_.state();
        const at::NoGradGuard no_grad;
        between_steps([&] {
            random_ = Random(random);
            grow(state_.field, state_.moments, draw, seen_target().view(), lattice, growth, random_);
        });
        tell(TrainEvent::Kind::grown);
    }

    /// PSNR on the way; of the finished field SSIM as well.
    void evaluate() {
        between_steps([&] {
            if (!done()) {
                psnr_ = evaluate_psnr(state_.field, state_.blending, seen_target());
                return;
            }
            const Quality quality = gsfit::evaluate(state_.field, state_.blending, seen_target());
            psnr_ = quality.psnr;
            ssim_ = quality.ssim;
        });
        tell(TrainEvent::Kind::evaluated);
    }

    void tell(TrainEvent::Kind kind, bool stopped = false) {
        for (const std::string& sentence : std::exchange(notices_, {})) send(TrainEvent::Kind::noted, false, sentence);
        send(kind, stopped);
        told_ = now();
    }

    void send(TrainEvent::Kind kind, bool stopped, const std::string& message = {}) {
        const TrainEvent event{.kind = kind,
                               .state = state_,
                               .loss = loss_,
                               .psnr = psnr_,
                               .ssim = ssim_,
                               .step_scale = schedule_.step_scale(state_.progress),
                               .steps_per_second = mean_step_ > 0 ? 1.0 / mean_step_ : 0.0,
                               .seconds_left = pace_.seconds_left(state_),
                               .stopped = stopped,
                               .message = message,
                               .resident_bytes = memory_.resident(),
                               .peak_bytes = memory_.peak(),
                               .memory = memory_.report()};
        for (const auto& listener : listeners_) memory_.attempt([&] { listener(event); });
    }

    PackedImage target_;
    std::optional<PackedImage> device_target_;  // target_ on a GPU, when that trains
    TrainOptions options_;
    Schedule schedule_;
    Pace pace_;
    const std::vector<TrainListener>& listeners_;
    std::vector<std::string> notices_;  // that listeners have not been told yet
    MemoryKeeper memory_;
    MixedPrecision mixed_precision_;
    std::optional<DeviceSteps> device_steps_;  // when a GPU trains
    TrainState state_;
    Random random_;
    double clock_ = 0;      // when the run would have started had it never been interrupted
    double mean_step_ = 0;  // [s], running mean
    double told_ = 0;       // when listeners were told last
    double loss_ = 0;       // of the last step
    double looked_ = 0;     // when the GPU began with the steps that were not looked at yet
    std::int64_t looked_at_step_ = 0;
    double device_step_seconds_ = 0;  // mean of the steps last looked at
    std::optional<double> psnr_;
    std::optional<double> ssim_;
};

void check_state(const PackedImage& image, const Field& field) {
    if (field.raster_width != image.width() || field.raster_height != image.height() ||
        field.channels() != image.channels()) {
        throw InputError("the saved state belongs to an image of " + std::to_string(field.raster_width) + " x " +
                         std::to_string(field.raster_height) + " pixels and " + std::to_string(field.channels()) +
                         " channels, not to this one");
    }
}

}  // namespace

void check_fit(const TrainOptions& options, const ImageInfo& image) {
    options.check();
    const std::int64_t pixels = image.width * image.height;
    if (options.num_gaussians > pixels) {
        throw UsageError("num_gaussians is " + std::to_string(options.num_gaussians) + ", but the image has only " +
                         std::to_string(pixels) + " pixels: ask for fewer");
    }
}

TrainState train(PackedImage image, const TrainOptions& options, const std::vector<TrainListener>& listeners,
                 std::optional<TrainState> state, const std::atomic<bool>* stop) {
    check_fit(options, image.info());
    if (state) check_state(image, state->field);
    return Trainer(std::move(image), options, listeners, std::move(state)).run(stop);
}

}  // namespace gsfit
