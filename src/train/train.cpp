#include "gsfit/train.h"

#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "gsfit/core/error.h"
#include "gsfit/densify.h"
#include "gsfit/densify/image_gs.h"
#include "gsfit/eval.h"
#include "gsfit/gaussians.h"
#include "gsfit/gpu.h"
#include "gsfit/render.h"
#include "gsfit/train/start.h"
#include "train/device_steps.h"
#include "train/keeper.h"
#include "train/mixed_precision.h"
#include "train/pace.h"
#include "train/patches.h"
#include "train/plateau.h"
#include "train/removal.h"
#include "train/schedule.h"
#include "train/step.h"

namespace gsfit {

namespace {

TrainState on_device(TrainState state, const at::Device& device) {
    state.field = on_device(state.field, device);
    Moments& moments = state.moments;
    for (at::Tensor* tensor : {&moments.first, &moments.second, &moments.products, &moments.age}) {
        *tensor = tensor->to(device);
    }
    return state;
}

/// With the number of Gaussians that an interrupted run began with.
TrainOptions options_of(TrainOptions options, const std::optional<TrainState>& state) {
    if (state && state->initial_gaussians > 0) options.initial_gaussians = state->initial_gaussians;
    return options;
}

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

class Trainer {
public:
    Trainer(PackedImage image, const TrainOptions& options, const std::vector<TrainListener>& listeners,
            std::optional<TrainState> state)
        : target_(std::move(image)),
          options_(options_of(options, state)),
          schedule_(options_, target_.width(), target_.height()),
          pace_(options_, schedule_),
          listeners_(listeners),
          memory_(target_, options_, [this](const std::string& sentence) { notices_.push_back(sentence); }) {
        clock_ = now();
        TrainState start = state ? std::move(*state) : first_state();
        start.maps = target_.maps();
        memory_.attempt([&] {
            state_ = on_device(start, options_.device);
            if (!options_.device.is_cpu()) device_target_ = target_.on_device(options_.device);
        });
        if (Gpu(state_.field.position)) device_steps_.emplace(state_.field, seen_target(), options_);
        if (device_steps_ && options_.hold) memory_.attempt([&] { keep_to_bounds(); });
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
            if (evaluating) {
                evaluate();
                judge();
            }
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
            state = state_of_start(first_field(random), options_, random);
        });
        return state;
    }

    [[nodiscard]] Field first_field(Random& random) const {
        if (const auto& image_gs = options_.image_gs) {
            return image_gs_field(target_.view(),
                                  {.count = schedule_.initial_count(),
                                   .random_ratio = options_.init_random_ratio,
                                   .mode = image_gs->init_mode,
                                   .sigma = image_gs->init_scale,
                                   .saliency_blur = image_gs->saliency_blur,
                                   .colored = image_gs->color_init,
                                   .forget = forget_target()},
                                  random);
        }
        return initial_field(target_.view(),
                             {.count = schedule_.initial_count(),
                              .random_ratio = options_.init_random_ratio,
                              .stride = schedule_.stride(0, pace_.steps()),
                              .pitch = schedule_.pitch(),
                              .forget = forget_target()},
                             random);
    }

    /// The target where training computes.
    [[nodiscard]] const PackedImage& seen_target() const { return device_target_ ? *device_target_ : target_; }

    /// Lets a mapped target's pages go.
    [[nodiscard]] Forget forget_target() const {
        return [this] { target_.drop({0, target_.height()}); };
    }

    /// False when training went back to an earlier step.
    bool step() {
        // Image-GS evaluates before it adds Gaussians, and so what is due after a step waits for the next one.
        const bool late = options_.image_gs.has_value();
        if (late && state_.step > 0 && !arrange()) return false;
        const double start = now();
        if (device_steps_) {
            if (!give_step()) return false;
        } else if (const auto gradients = differentiate_next()) {
            adam(state_.field, state_.moments, *gradients, adam_step());
        }
        ++state_.step;
        count_time(start);
        state_.random = random_.state();
        if (options_.hold && !hold()) return false;
        return late || arrange();
    }

    /// What of the field is settled stays so. On a GPU steps themselves keep to bounds, which the host changes when
    /// that is due. False when training went back to an earlier step.
    bool hold() {
        if (!device_steps_) {
            state_.field = options_.hold->apply(state_.field, state_.progress);
            return true;
        }
        if (!options_.hold->is_due(state_.progress)) return true;
        if (!look()) return false;
        const Field now = options_.hold->apply(on_device(state_.field, at::kCPU), state_.progress);
        state_.field.position.copy_(now.position);
        state_.field.inv_scale.copy_(now.inv_scale);
        state_.field.rotation.copy_(now.rotation);
        state_.field.feature.copy_(now.feature);
        between_steps([&] { keep_to_bounds(); });
        return true;
    }

    void keep_to_bounds() { device_steps_->keep_to(on_device(options_.hold->bounds(), options_.device)); }

    /// Additions, refinement and sorting that are due; false when training went back to an earlier step.
    bool arrange() {
        const bool refining =
            !done() && schedule_.is_grown(state_) && state_.rounds < schedule_.rounds_due(state_.progress);
        const bool growing = refining || state_.growths < schedule_.growths_due(state_);
        constexpr std::int64_t sort_steps = 256;
        const bool sorting = !options_.hold && state_.step % sort_steps == 0;
        const std::int64_t relocated = done() ? 0 : schedule_.relocated_count(state_);
        if (growing || sorting || relocated > 0) {
            if (!look()) return false;
            if (device_steps_) device_steps_->let_go();  // it is for the tensors as they were
        }
        while (state_.growths < schedule_.growths_due(state_)) grow_once();
        if (relocated > 0) relocate(relocated);
        if (refining) refine();
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

    [[nodiscard]] AdamStep adam_step() const { return schedule_.adam_step(state_, pace_.steps()); }

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
        const std::int64_t stride = schedule_.stride(state_.progress, pace_.steps());
        if (device_steps_->wants_a_look() && !look()) return false;
        const StepLoss loss = schedule_.loss(state_.progress);
        if (!device_steps_->is_ready_for(state_, stride, loss, memory_.settings())) {
            if (!look()) return false;
            memory_.attempt([&] { device_steps_->get_ready_for(state_, stride, loss, memory_.settings()); });
        }
        if (looked_at_step_ == state_.step) looked_ = now();
        const TrainState before = state_;
        const Lattice lattice = next_lattice();
        state_.random = random_.state();
        try {
            device_steps_->give(before, lattice, adam_step());
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
        const std::int64_t stride = schedule_.stride(state_.progress, pace_.steps());
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

    [[nodiscard]] Lattice random_phase(std::int64_t stride) {
        return phase_lattice(stride, random_.below(stride * stride));
    }

    /// The gradients of the next step; none when it has to be skipped.
    std::optional<Gradients> differentiate_next() {
        const Lattice lattice = next_lattice();
        const StepLoss loss = schedule_.loss(state_.progress);
        // Only where there is an image to be kept in half precision.
        const auto half = [&] { return memory_.settings().amp && loss.needs_image(); };
        Differential differential;
        memory_.attempt([&] {
            const StepTask task{.lattice = lattice,
                                .blending = state_.blending,
                                .target = target_,
                                .loss = loss,
                                .scale = half() ? state_.loss_scale.scale : 1.0};
            differential = differentiate(drawn_field(state_), task, memory_.settings());
        });
        loss_ = differential.loss.item<double>();
        if (!half()) return differential.gradients;
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

    void grow_once() {
        ++state_.growths;
        const std::int64_t room = schedule_.base_count() - state_.field.size();
        const std::int64_t count = std::min(schedule_.growth_count(), room);
        if (count <= 0) return;
        const Lattice lattice = random_phase(schedule_.stride(state_.progress, pace_.steps()));
        const Random::State random = random_.state();
        const at::NoGradGuard no_grad;
        position_before_ = state_.field.position;
        between_steps([&] {
            random_ = Random(random);
            add(count, lattice);
        });
        tell(TrainEvent::Kind::grown);
        position_before_ = at::Tensor();
    }

    /// Moves the Gaussians that the image would miss least to where it is worst.
    void relocate(std::int64_t count) {
        const Lattice seen = random_phase(schedule_.removal_stride());
        const Lattice lattice = random_phase(schedule_.stride(state_.progress, pace_.steps()));
        const Random::State random = random_.state();
        const at::NoGradGuard no_grad;
        between_steps([&] {
            random_ = Random(random);
            Field field = state_.field;
            Moments moments = state_.moments;
            const at::Tensor costs =
                removal_costs(drawn_field(state_), state_.blending, seen_target(), seen, memory_.settings().bands);
            remove_cheapest(field, moments, costs, count);
            grow_in(lattice, count, field, moments);
            state_.field = std::move(field);
            state_.moments = std::move(moments);
        });
    }

    /// A round of refinement begins; when no patch is bad any more, the run is over.
    void refine() {
        ++state_.rounds;
        std::vector<PatchScore> patches = patches_of(target_.width(), target_.height(), *options_.refinement);
        between_steps(
            [&] { score(patches, drawn_field(state_), state_.blending, seen_target(), *options_.refinement); });
        const std::int64_t room = options_.num_gaussians - state_.field.size();
        share_out(patches, std::clamp<std::int64_t>(room, 0, options_.refinement->increment), *options_.refinement);
        add_to(patches);
        const auto is_bad = [&](const PatchScore& patch) { return options_.refinement->is_bad(patch.score); };
        if (std::ranges::none_of(patches, is_bad)) state_.progress = 1;
        state_.plateau = {};
        refined_patches_ = std::move(patches);
        tell(TrainEvent::Kind::refined);
        refined_patches_.clear();
    }

    void add_to(const std::vector<PatchScore>& patches) {
        const at::NoGradGuard no_grad;
        for (const PatchScore& patch : patches) {
            if (patch.added == 0) continue;
            const Random::State random = random_.state();
            between_steps([&] {
                random_ = Random(random);
                grow_in(lattice_of(patch, target_.width(), target_.height()), patch.added, state_.field,
                        state_.moments);
            });
        }
    }

    void add(std::int64_t count, const Lattice& lattice) {
        if (!options_.image_gs) {
            grow_in(lattice, count, state_.field, state_.moments);
            return;
        }
        const Field field = drawn_field(state_);
        const auto draw = [&](const Rows& rows) { return draw_rows(field, lattice, rows).cpu(); };
        add_by_residual(state_.field, state_.moments, draw, target_.view(), count, options_.image_gs->init_scale,
                        random_);
    }

    void grow_in(const Lattice& lattice, std::int64_t count, Field& field, Moments& moments) {
        const Field drawn = state_.quantisation ? quantised(field, *state_.quantisation) : field;
        const auto draw = [&](const Rows& rows) { return draw_rows(drawn, lattice, rows); };
        grow(field, moments, draw, seen_target().view(), lattice,
             {.count = count, .sigma = schedule_.growth_sigma(), .pitch = schedule_.pitch(), .forget = forget_target()},
             random_);
    }

    [[nodiscard]] at::Tensor draw_rows(const Field& field, const Lattice& lattice, const Rows& rows) const {
        target_.drop({0, target_.height()});
        return render(field, lattice.band(rows), state_.blending);
    }

    /// Recipe image_gs lowers its learning rates, or ends, when training does not get on once all Gaussians are there.
    void judge() {
        if (!options_.image_gs || !options_.image_gs->lower_rates || done()) return;
        if (!schedule_.is_grown(state_) || !is_refined()) return;
        if (!goes_on(state_.plateau, *options_.image_gs, *psnr_, *ssim_, options_.eval_steps)) state_.progress = 1;
    }

    /// Whether the last round of refinement has begun.
    [[nodiscard]] bool is_refined() const {
        return !options_.refinement || state_.rounds == options_.refinement->rounds;
    }

    /// PSNR on the way, at the end what is asked for, and for recipe image_gs SSIM as well in both.
    void evaluate() {
        const Measured measured = options_.image_gs ? Measured::psnr_and_ssim
                                  : done()          ? options_.at_end
                                                    : Measured::psnr;
        if (measured == Measured::nothing) return;
        between_steps([&] {
            const Field drawn = drawn_field(state_);
            if (measured == Measured::psnr) {
                psnr_ = evaluate_psnr(drawn, state_.blending, seen_target());
                return;
            }
            const Quality quality = gsfit::evaluate(drawn, state_.blending, seen_target());
            psnr_ = quality.psnr;
            ssim_ = quality.ssim;
            maps_ = quality.maps;
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
                               .maps = maps_,
                               .step_scale = schedule_.step_scale(state_),
                               .steps_per_second = mean_step_ > 0 ? 1.0 / mean_step_ : 0.0,
                               .seconds_left = pace_.seconds_left(state_),
                               .stopped = stopped,
                               .message = message,
                               .patches = refined_patches_,
                               .resident_bytes = memory_.resident(),
                               .peak_bytes = memory_.peak(),
                               .memory = memory_.report(),
                               .position_before = position_before_};
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
    double clock_ = 0;            // when the run would have started had it never been interrupted
    double mean_step_ = 0;        // [s], running mean
    double told_ = 0;             // when listeners were told last
    double loss_ = 0;             // of the last step
    at::Tensor position_before_;  // while it is told of an addition
    double looked_ = 0;           // when the GPU began with the steps that were not looked at yet
    std::int64_t looked_at_step_ = 0;
    std::vector<PatchScore> refined_patches_;  // while it is told of a refinement
    double device_step_seconds_ = 0;           // mean of the steps last looked at
    std::optional<double> psnr_;
    std::optional<double> ssim_;
    std::vector<MapQuality> maps_;
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

Field drawn_field(const TrainState& state) {
    return state.quantisation ? quantised(state.field, *state.quantisation) : state.field;
}

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
