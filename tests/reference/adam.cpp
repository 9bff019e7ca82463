#include "reference/adam.h"

#include <algorithm>
#include <cmath>

namespace gsfit::reference {

namespace {

/// Adam's direction for one whitened gradient; the moments move on.
double direction(double gradient, double& first, double& second, int age, const Betas& betas) {
    if (!std::isfinite(gradient)) gradient = 0;
    const double keep_first = betas.first;
    const double keep_second = betas.second;
    first = keep_first * first + (1 - keep_first) * gradient;
    second = keep_second * second + (1 - keep_second) * gradient * gradient;
    const double mean = first / (1 - std::pow(keep_first, age));
    const double square = second / (1 - std::pow(keep_second, age));
    return mean / (std::sqrt(square) + 1e-12);
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
    const auto step = [&](std::size_t column, double gradient) {
        return direction(gradient, g.first[column], g.second[column], g.age, steps.betas);
    };
    ++g.age;

    const double to_x = g.to_position[0] / width;  // per pixel
    const double to_y = g.to_position[1] / height;
    const double along = steps.position * step(0, (c * to_x + s * to_y) / u) / u;
    const double across = steps.position * step(1, (-s * to_x + c * to_y) / v) / v;
    g.position[0] = std::clamp(g.position[0] - (c * along - s * across) / width, -0.05, 1.05);
    g.position[1] = std::clamp(g.position[1] - (s * along + c * across) / height, -0.05, 1.05);
    for (int k = 0; k < 2; ++k) {
        const double growth = std::exp(-steps.scale * step(2 + k, g.to_inv_scale[k] * g.inv_scale[k]));
        g.inv_scale[k] = std::clamp(g.inv_scale[k] * growth, 1.0 / bounds.sigma_max, 1.0 / bounds.sigma_min);
    }
    g.rotation -= steps.rotation * step(4, g.to_rotation / thinness) / thinness;
    for (std::size_t k = 0; k < g.feature.size(); ++k) g.feature[k] -= steps.feature * step(5 + k, g.to_feature[k]);
}

}  // namespace gsfit::reference
