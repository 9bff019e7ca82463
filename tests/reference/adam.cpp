#include "reference/adam.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace gsfit::reference {

namespace {

/// Adam's direction for one whitened gradient; the moments move on.
double direction(double gradient, double& first, double& second, int age, const Betas& betas) {
    const double keep_first = betas.first;
    const double keep_second = betas.second;
    first = keep_first * first + (1 - keep_first) * gradient;
    second = keep_second * second + (1 - keep_second) * gradient * gradient;
    const double mean = first / (1 - std::pow(keep_first, age));
    const double square = second / (1 - std::pow(keep_second, age));
    return mean / (std::sqrt(square) + 1e-12);
}

double finite(double gradient) { return std::isfinite(gradient) ? gradient : 0; }

/// Geometric directions by the polynomial for R^-1/2 of gsfit/optim.h.
std::array<double, 5> decorrelated(AdamGaussian& g, const std::array<double, 5>& gradients, const StepSizes& steps) {
    const double keep = steps.betas.second;
    const double correction = 1 - std::pow(keep, g.age);
    const double shrunk = 1 - std::max<double>(steps.shrinkage, 1.0 / g.age);
    std::array<double, 5> directions{};
    for (std::size_t k = 0; k < 5; ++k) {
        directions[k] = direction(gradients[k], g.first[k], g.second[k], g.age, steps.betas);
    }
    double r[5][5];
    for (std::size_t i = 0, pair = 0; i < 5; ++i) {
        r[i][i] = 1;
        for (std::size_t j = i + 1; j < 5; ++j, ++pair) {
            double& product = g.products[pair];
            product = keep * product + (1 - keep) * gradients[i] * gradients[j];
            const double spreads =
                (std::sqrt(g.second[i] / correction) + 1e-12) * (std::sqrt(g.second[j] / correction) + 1e-12);
            r[i][j] = r[j][i] = shrunk * product / correction / spreads;
        }
    }
    std::array<double, 5> power = directions;
    std::array<double, 5> sum{};
    for (const double coefficient : inverse_root) {
        std::array<double, 5> next{};
        for (std::size_t i = 0; i < 5; ++i) {
            sum[i] += coefficient * power[i];
            for (std::size_t j = 0; j < 5; ++j) next[i] += r[i][j] * power[j];
        }
        power = next;
    }
    return sum;
}

}  // namespace

void whitened_adam(AdamGaussian& g, std::int64_t raster_width, std::int64_t raster_height, const StepSizes& steps,
                   const ScaleBounds& bounds) {
    const auto width = static_cast<double>(raster_width);
    const auto height = static_cast<double>(raster_height);
    const double u = g.inv_scale[0];
    const double v = g.inv_scale[1];
    const double c = std::cos(g.rotation);
    const double s = std::sin(g.rotation);
    const double thinness = std::max(0.3, std::abs(u / v - v / u));
    ++g.age;

    const double to_x = g.to_position[0] / width;  // per pixel
    const double to_y = g.to_position[1] / height;
    const auto way =
        decorrelated(g,
                     {finite((c * to_x + s * to_y) / u), finite((-s * to_x + c * to_y) / v),
                      finite(g.to_inv_scale[0] * u), finite(g.to_inv_scale[1] * v), finite(g.to_rotation / thinness)},
                     steps);
    const double along = steps.position * way[0] / u;
    const double across = steps.position * way[1] / v;
    g.position[0] = std::clamp(g.position[0] - (c * along - s * across) / width, -0.05, 1.05);
    g.position[1] = std::clamp(g.position[1] - (s * along + c * across) / height, -0.05, 1.05);
    for (std::size_t k = 0; k < 2; ++k) {
        const double growth = std::exp(-steps.scale * way[2 + k]);
        g.inv_scale[k] = std::clamp(g.inv_scale[k] * growth, 1.0 / bounds.sigma_max, 1.0 / bounds.sigma_min);
    }
    g.rotation -= steps.rotation * way[4] / thinness;
    for (std::size_t k = 0; k < g.feature.size(); ++k) {
        const double direction_of =
            direction(finite(g.to_feature[k]), g.first[5 + k], g.second[5 + k], g.age, steps.betas);
        g.feature[k] -= steps.feature * direction_of;
    }
}

}  // namespace gsfit::reference
