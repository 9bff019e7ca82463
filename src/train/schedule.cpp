#include "train/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace gsfit {

namespace {

constexpr double coarse_until = 0.4;
constexpr double refining_scale = 0.5;  // of steps, when a round of refinement begins

/// A short run has no time to average its steps over a long memory.
Betas betas_of(double steps) {
    const auto newest = static_cast<float>(std::clamp(2.0 / std::sqrt(steps), 0.15, 0.3));
    return {.first = 1.0F - newest, .second = 1.0F - newest / 1.5F};
}

/// Largest power of two up to pitch / 3.5 that leaves at least 2^16 samples, and one in each direction.
std::int64_t coarsest_stride(double pitch, std::int64_t width, std::int64_t height) {
    const std::int64_t most = std::min<std::int64_t>({64, width, height});
    const double pixels = static_cast<double>(width) * static_cast<double>(height);
    constexpr double fewest_samples = 65536;
    std::int64_t stride = 1;
    while (2 * stride <= most && static_cast<double>(2 * stride) <= pitch / 3.5 &&
           pixels / static_cast<double>(4 * stride * stride) >= fewest_samples) {
        stride *= 2;
    }
    return stride;
}

}  // namespace

Schedule::Schedule(const TrainOptions& options, std::int64_t width, std::int64_t height)
    : options_(options),
      width_(width),
      height_(height),
      base_count_(options.num_gaussians -
                  (options.refinement ? options.refinement->rounds * options.refinement->increment : 0)),
      base_share_(options.refinement ? 0.6 : 1.0),
      pitch_(std::sqrt(static_cast<double>(width) * static_cast<double>(height) / static_cast<double>(base_count_))),
      coarse_(options.sublattice && !options.image_gs ? coarsest_stride(pitch_, width, height) : 1),
      fine_(std::max<std::int64_t>(1, coarse_ / 2)),
      finest_(std::max<std::int64_t>(1, coarse_ / 4)) {}

std::int64_t Schedule::initial_count() const {
    if (options_.initial_gaussians > 0) return options_.initial_gaussians;
    if (growth_times() == 0) return base_count_;
    constexpr double float_noise = 1e-6;  // 0.3F is a little more than 0.3
    const double share = static_cast<double>(options_.initial_ratio) - float_noise;
    const auto count = std::ceil(share * static_cast<double>(base_count_));
    return std::clamp<std::int64_t>(static_cast<std::int64_t>(count), 1, base_count_);
}

double Schedule::coarse_end() const { return options_.hold ? 0 : coarse_until * base_share_; }

double Schedule::finest_start(double steps) const {
    if (options_.hold) return 1;
    constexpr double short_run = 320;
    constexpr double share_of_doubling = 0.15;
    constexpr double most = 0.6;
    return 1 - std::clamp(share_of_doubling * std::log2(steps / short_run), 0.0, most);
}

std::int64_t Schedule::stride(double progress, double steps) const {
    if (progress < coarse_end()) return coarse_;
    return progress > finest_start(steps) ? finest_ : fine_;
}

double Schedule::samples(std::int64_t stride) const {
    return static_cast<double>(width_) * static_cast<double>(height_) / static_cast<double>(stride * stride);
}

double Schedule::samples_left(double progress, double steps) const {
    const double coarse_left = std::max(0.0, coarse_end() - progress);
    const double finest_left = 1 - std::max(progress, finest_start(steps));
    const double fine_left = 1 - progress - coarse_left - finest_left;
    return coarse_left * samples(coarse_) + fine_left * samples(fine_) + finest_left * samples(finest_);
}

std::int64_t Schedule::growth_times() const {
    if (options_.initial_ratio >= 1.0F || options_.hold) return 0;
    if (options_.image_gs) return options_.image_gs->adds ? options_.image_gs->add_times : 0;
    if (options_.growth_times > 0) return options_.growth_times;
    constexpr std::int64_t short_run = 100;
    return options_.max_seconds == 0 && options_.max_steps <= short_run ? 4 : 8;
}

std::int64_t Schedule::growths_due(const TrainState& state) const {
    const std::int64_t times = growth_times();
    if (options_.image_gs) return std::min(times, state.step / options_.image_gs->add_steps);
    const double until = static_cast<double>(options_.growth_until) * base_share_;
    const double due = state.progress / until * static_cast<double>(times);
    return std::min(times, static_cast<std::int64_t>(due + 1e-9));
}

double Schedule::round_length() const { return (1 - base_share_) / static_cast<double>(options_.refinement->rounds); }

std::int64_t Schedule::rounds_due(double progress) const {
    if (!options_.refinement || progress < base_share_) return 0;
    const auto begun = static_cast<std::int64_t>((progress - base_share_) / round_length() + 1e-9) + 1;
    return std::min(options_.refinement->rounds, begun);
}

std::int64_t Schedule::growth_count() const {
    const std::int64_t times = std::max<std::int64_t>(1, growth_times());
    return (base_count_ - initial_count() + times - 1) / times;
}

bool Schedule::relocates() const {
    return options_.relocate_ratio > 0 && !options_.image_gs && !options_.hold && !options_.blending.selects();
}

std::int64_t Schedule::relocated_count(const TrainState& state) const {
    if (!relocates() || state.step % options_.relocate_steps != 0) return 0;
    const auto progress = static_cast<float>(state.progress / base_share_);
    if (progress < options_.relocate_from || progress >= options_.relocate_until) return 0;
    return static_cast<std::int64_t>(options_.relocate_ratio * step_scale(state) *
                                     static_cast<float>(state.field.size()));
}

StepLoss Schedule::loss(double progress) const {
    const bool alone = options_.loss.l1 == 0 && options_.loss.l2 == 0;
    const bool similarity = options_.image_gs || alone || static_cast<float>(progress) >= options_.ssim_from;
    StepLoss loss = fullest_loss();
    if (!similarity) loss.ssim = 0;
    return loss;
}

StepLoss Schedule::fullest_loss() const {
    return {.pixel = options_.loss, .ssim = options_.ssim_loss_ratio, .windows = options_.ssim_windows};
}

float Schedule::growth_sigma() const { return std::max(1.0F, options_.growth_sigma * static_cast<float>(pitch_)); }

float Schedule::step_scale(const TrainState& state) const {
    if (options_.image_gs) return std::pow(options_.image_gs->decay_ratio, -static_cast<float>(state.plateau.decays));
    const double floor = options_.decay_floor;
    const auto falling = [floor](double from, double done) {
        return static_cast<float>(floor +
                                  (from - floor) * 0.5 * (1.0 + std::cos(std::numbers::pi * std::min(1.0, done))));
    };
    if (const std::int64_t rounds = rounds_due(state.progress); rounds > 0) {
        const double start = base_share_ + static_cast<double>(rounds - 1) * round_length();
        return falling(refining_scale, (state.progress - start) / round_length());
    }
    const double from = options_.decay_from * static_cast<float>(base_share_);
    return state.progress <= from ? 1.0F : falling(1, (state.progress - from) / (base_share_ - from));
}

AdamStep Schedule::adam_step(const TrainState& state, double steps) const {
    const float scale = step_scale(state);
    if (!options_.image_gs) return WhitenedRates{step_sizes(scale, steps), scale_bounds()};
    LearningRates rates = options_.image_gs->rates;
    for (float* rate : {&rates.position, &rates.scale, &rates.rotation, &rates.feature}) *rate *= scale;
    return rates;
}

StepSizes Schedule::step_sizes(float scale, double steps) const {
    const auto shape = static_cast<float>(std::clamp(2.1 / std::sqrt(steps), 0.16, 0.21));
    const auto feature = static_cast<float>(std::clamp(0.25 / std::sqrt(steps), 0.018, 0.025));
    const auto chosen = [&](float option, float usual) { return scale * (option > 0 ? option : usual); };
    return {.position = chosen(options_.position_step, 2.0F * shape),
            .scale = chosen(options_.scale_step, shape),
            .rotation = chosen(options_.rotation_step, shape),
            .feature = chosen(options_.feature_step, feature),
            .betas = options_.hold ? Betas{} : betas_of(steps),
            .shrinkage = options_.hold ? 1.0F : 0.2F};
}

ScaleBounds Schedule::scale_bounds() const {
    if (options_.hold) return {};
    constexpr float sigma_min = 0.3F;
    const double half_side = 0.5 * static_cast<double>(std::max(width_, height_));
    const double sigma_max = std::min(4.0 * pitch_, half_side);
    return {.sigma_min = sigma_min, .sigma_max = std::max(sigma_min, static_cast<float>(sigma_max))};
}

}  // namespace gsfit
