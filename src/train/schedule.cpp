#include "train/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace gsfit {

namespace {

constexpr double coarse_until = 0.4;
constexpr double middle_until = 0.8;

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
      pitch_(std::sqrt(static_cast<double>(width) * static_cast<double>(height) /
                       static_cast<double>(options.num_gaussians))),
      coarse_(options.sublattice ? coarsest_stride(pitch_, width, height) : 1),
      fine_(std::max<std::int64_t>(1, coarse_ / 4)) {
    constexpr std::int64_t many = 100000;
    if (coarse_ == 4 && options.num_gaussians >= many) fine_ = 2;
}

std::int64_t Schedule::initial_count() const {
    if (growth_times() == 0) return options_.num_gaussians;
    constexpr double float_noise = 1e-6;  // 0.3F is a little more than 0.3
    const double share = static_cast<double>(options_.initial_ratio) - float_noise;
    const auto count = std::ceil(share * static_cast<double>(options_.num_gaussians));
    return std::clamp<std::int64_t>(static_cast<std::int64_t>(count), 1, options_.num_gaussians);
}

std::int64_t Schedule::stride(double progress) const {
    if (progress < coarse_until) return coarse_;
    if (progress < middle_until) return std::max<std::int64_t>(1, coarse_ / 2);
    return fine_;
}

double Schedule::samples(std::int64_t stride) const {
    return static_cast<double>(width_) * static_cast<double>(height_) / static_cast<double>(stride * stride);
}

double Schedule::samples_left(double progress) const {
    const auto part = [&](double from, double until) {
        const double left = std::max(0.0, until - std::max(from, progress));
        return left * samples(stride(from));
    };
    return part(0, coarse_until) + part(coarse_until, middle_until) + part(middle_until, 1);
}

std::int64_t Schedule::growth_times() const {
    if (options_.initial_ratio >= 1.0F) return 0;
    if (options_.growth_times > 0) return options_.growth_times;
    constexpr std::int64_t short_run = 100;
    return options_.max_seconds == 0 && options_.max_steps <= short_run ? 4 : 8;
}

std::int64_t Schedule::growths_due(double progress) const {
    const std::int64_t times = growth_times();
    const double due = progress / static_cast<double>(options_.growth_until) * static_cast<double>(times);
    return std::min(times, static_cast<std::int64_t>(due + 1e-9));
}

std::int64_t Schedule::growth_count() const {
    const std::int64_t times = std::max<std::int64_t>(1, growth_times());
    return (options_.num_gaussians - initial_count() + times - 1) / times;
}

float Schedule::growth_sigma() const { return std::max(1.0F, options_.growth_sigma * static_cast<float>(pitch_)); }

float Schedule::step_scale(double progress) const {
    const double from = options_.decay_from;
    if (progress <= from) return 1.0F;
    const double floor = options_.decay_floor;
    const double angle = std::numbers::pi * std::min(1.0, (progress - from) / (1.0 - from));
    return static_cast<float>(floor + (1.0 - floor) * 0.5 * (1.0 + std::cos(angle)));
}

StepSizes Schedule::step_sizes(double progress, double steps) const {
    const auto shape = static_cast<float>(std::clamp(1.6 / std::sqrt(steps), 0.05, 0.16));
    const auto feature = static_cast<float>(std::clamp(0.25 / std::sqrt(steps), 0.008, 0.025));
    const float scale = step_scale(progress);
    const auto chosen = [&](float option, float usual) { return scale * (option > 0 ? option : usual); };
    return {.position = chosen(options_.position_step, 2.0F * shape),
            .scale = chosen(options_.scale_step, shape),
            .rotation = chosen(options_.rotation_step, shape),
            .feature = chosen(options_.feature_step, feature)};
}

ScaleBounds Schedule::scale_bounds() const {
    constexpr float sigma_min = 0.3F;
    const double half_side = 0.5 * static_cast<double>(std::max(width_, height_));
    const double sigma_max = std::min(4.0 * pitch_, half_side);
    return {.sigma_min = sigma_min, .sigma_max = std::max(sigma_min, static_cast<float>(sigma_max))};
}

}  // namespace gsfit
