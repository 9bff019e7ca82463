#include "codec/fit.h"

#include <numbers>

#include "codec/least_squares.h"

namespace gsfit::codec {
namespace {

Coefficient coefficient_of(double value) {
    constexpr double most = 1 << 13;
    return static_cast<Coefficient>(std::clamp(std::round(std::ldexp(value, coefficient_bits)), -most, most));
}

template <std::size_t count>
std::array<Coefficient, count> coefficients_of(const std::array<double, count>& solution) {
    std::array<Coefficient, count> coefficients;
    std::transform(solution.begin(), solution.end(), coefficients.begin(), coefficient_of);
    return coefficients;
}

/// 1, and the features in their units.
template <std::size_t count>
std::array<double, count + 1> row_of(const std::array<std::int64_t, count>& features, int bits) {
    std::array<double, count + 1> row{1};
    for (std::size_t i = 0; i < count; ++i) row[i + 1] = std::ldexp(static_cast<double>(features[i]), -bits);
    return row;
}

/// visit(planned part, Gaussian) of all.
template <class Visit>
void each_gaussian(const Plan& plan, const Visit& visit) {
    for (const PlannedPart& planned : plan.parts) {
        for (int i = 0; i < planned.part.size(); ++i) visit(planned, i);
    }
}

/// Coefficients of log2 of a step, from a regression of log2 of weights. Their mean is above what the mean of their
/// logarithms says, by half their variance.
template <std::size_t count>
std::array<Coefficient, count> step_coefficients(const LeastSquares<count>& weights) {
    constexpr double ln2 = std::numbers::ln2;
    constexpr double most_correction = 1.5;  // [nat]
    auto solution = weights.solve();
    solution[0] += std::min(weights.variance(solution) * ln2 * ln2 / 2, most_correction) / ln2;
    for (double& value : solution) value /= -2;
    solution[0] += std::log2(12.0) / 2;
    return coefficients_of(solution);
}

/// log2 of a weight, the least ones raised: no step needs to be told by them.
class LogWeight {
public:
    LogWeight(const std::vector<Importance>& importances, double Importance::*member) : member_(member) {
        for (const Importance& importance : importances) {
            least_ += 1e-5 * importance.*member / static_cast<double>(importances.size());
        }
    }
    double operator()(const Importance& importance) const { return std::log2(std::max(importance.*member_, least_)); }

private:
    double Importance::*member_;
    double least_ = 1e-30;
};

/// Of a channel: mean, then scale of what is left.
class ColorFit {
public:
    ColorFit(const Plan& plan, int channel, std::vector<std::array<std::int64_t, 2>>& errors)
        : plan_(plan), channel_(channel), errors_(errors) {}

    Models::Channel run() {
        fit_mean();
        fit_scale();
        return model_;
    }

private:
    ColorFeatures features(const PlannedPart& planned, int i, int channel) const {
        return color_features(planned.part, planned.surroundings->before(i), channel);
    }

    void fit_mean() {
        LeastSquares<4> fit;
        std::size_t k = 0;
        each_gaussian(plan_, [&](const PlannedPart& planned, int i) {
            const auto [last, before] = errors_[k++];
            const std::int64_t value = planned.part.values(i)[channel_];
            fit.add(row_of<3>({features(planned, i, channel_).mean, last, before}, value_bits),
                    std::ldexp(static_cast<double>(value), -value_bits));
        });
        model_.mean = coefficients_of(fit.solve());
    }

    /// The scale is half the mean magnitude of such a distribution.
    void fit_scale() {
        LeastSquares<4> fit;
        std::vector<std::pair<LeastSquares<4>::Row, double>> rows;
        std::size_t k = 0;
        each_gaussian(plan_, [&](const PlannedPart& planned, int i) {
            auto& errors = errors_[k++];
            const ColorFeatures own = features(planned, i, channel_);
            const Log hint =
                channel_ > 0 ? magnitude_of(errors[0]) : features(planned, i, planned.part.channels > 1 ? 1 : 0).spread;
            errors = {planned.part.values(i)[channel_] - mean_of(model_, own, errors), errors[0]};
            const double error = std::ldexp(static_cast<double>(std::abs(errors[0])), -value_bits);
            const double step = std::ldexp(plan_.steps(planned).color(i), -value_bits);
            rows.emplace_back(row_of<3>({own.spread, planned.part.size_of(i), hint}, log_bits), error);
            fit.add(rows.back().first, std::log2(error + step / 4));
        });
        auto solution = fit.solve();
        double ratio = 0;
        for (const auto& [row, error] : rows) {
            double log = 0;
            for (std::size_t j = 0; j < row.size(); ++j) log += solution[j] * row[j];
            ratio += error / std::exp2(log) / static_cast<double>(rows.size());
        }
        solution[0] += std::log2(std::max(ratio, 0.05) / 2);
        model_.scale = coefficients_of(solution);
    }

    const Plan& plan_;
    int channel_;
    std::vector<std::array<std::int64_t, 2>>& errors_;  // of the two channels before, of each Gaussian
    Models::Channel model_;
};

}  // namespace

void fit_areas(Plan& plan) {
    LeastSquares<3> fit;
    for (const PlannedPart& planned : plan.parts) {
        const Part& part = planned.part;
        AreaContext context(part);
        for (int cell = 0; cell < part.grid.cells(); ++cell) {
            if (part.first[cell] == part.first[cell + 1]) continue;
            const auto row = row_of(context.features(cell), log_bits);
            for (int i = part.first[cell]; i < part.first[cell + 1]; ++i) {
                fit.add(row, std::ldexp(part.area[i] * area_step + area_step / 2, -log_bits));
            }
            context.add(cell);
        }
    }
    const auto solution = fit.solve();
    plan.header.models.area_mean = coefficients_of(solution);
    constexpr double scale_of_deviation = 0.3822;  // sqrt(3) / pi ln 2
    const double deviation = std::sqrt(std::max(fit.variance(solution), 1e-4));
    plan.header.models.area_scale = {coefficient_of(std::log2(scale_of_deviation * deviation))};
}

void fit_color_steps(Plan& plan, const std::vector<Importance>& importances) {
    LeastSquares<3> fit;
    const LogWeight weight(importances, &Importance::color);
    each_gaussian(plan, [&](const PlannedPart& planned, int i) {
        const Importance& importance = importances[planned.items[i]];
        if (!is_seen(importance)) return;
        fit.add(row_of(plan.steps(planned).color_features(i), log_bits), weight(importance));
    });
    plan.header.models.color_step = step_coefficients(fit);
}

void fit_colors(Plan& plan) {
    std::size_t size = 0;
    for (const PlannedPart& planned : plan.parts) size += planned.items.size();
    std::vector<std::array<std::int64_t, 2>> errors(size);
    for (int channel = 0; channel < plan.header.description.channels; ++channel) {
        plan.header.models.channels[channel] = ColorFit(plan, channel, errors).run();
    }
}

void fit_shape_steps(Plan& plan, const std::vector<Importance>& importances) {
    const std::array members{&Importance::position, &Importance::area, &Importance::aspect, &Importance::angle};
    std::vector<LogWeight> weights;
    weights.reserve(members.size());
    for (const auto member : members) weights.emplace_back(importances, member);
    std::array<LeastSquares<5>, members.size()> fits;
    each_gaussian(plan, [&](const PlannedPart& planned, int i) {
        const Importance& importance = importances[planned.items[i]];
        if (!is_seen(importance)) return;
        const auto row = row_of(plan.steps(planned).shape_features(i), log_bits);
        for (std::size_t k = 0; k < fits.size(); ++k) fits[k].add(row, weights[k](importance));
    });
    Models& models = plan.header.models;
    models.position_step = step_coefficients(fits[0]);
    models.area_step = step_coefficients(fits[1]);
    models.aspect_step = step_coefficients(fits[2]);
    models.angle_step = step_coefficients(fits[3]);
}

}  // namespace gsfit::codec
