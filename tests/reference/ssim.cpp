#include <algorithm>
#include <array>
#include <cmath>

#include "reference/reference.h"

namespace gsfit::reference {

namespace {

constexpr std::int64_t halo = 5;
using Window = std::array<double, 2 * halo + 1>;

Window gaussian_window(double sigma) {
    Window window{};
    double total = 0;
    for (std::int64_t k = -halo; k <= halo; ++k) {
        window[k + halo] = std::exp(-static_cast<double>(k * k) / (2 * sigma * sigma));
        total += window[k + halo];
    }
    for (double& weight : window) weight /= total;
    return window;
}

/// SSIM of planes x and y [h,w] at one sample; both are 0 outside.
double ssim_at(const double* x, const double* y, const Lattice& lattice, std::int64_t row, std::int64_t column) {
    static const Window window = gaussian_window(1.5);
    constexpr double c1 = 0.01 * 0.01;
    constexpr double c2 = 0.03 * 0.03;
    double mean_x = 0, mean_y = 0, xx = 0, yy = 0, xy = 0;
    for (std::int64_t i = std::max<std::int64_t>(0, row - halo); i <= std::min(lattice.height - 1, row + halo); ++i) {
        for (std::int64_t j = std::max<std::int64_t>(0, column - halo); j <= std::min(lattice.width - 1, column + halo);
             ++j) {
            const double weight = window[i - row + halo] * window[j - column + halo];
            const double a = x[i * lattice.width + j];
            const double b = y[i * lattice.width + j];
            mean_x += weight * a;
            mean_y += weight * b;
            xx += weight * a * a;
            yy += weight * b * b;
            xy += weight * a * b;
        }
    }
    const double variances = xx - mean_x * mean_x + yy - mean_y * mean_y;
    const double covariance = xy - mean_x * mean_y;
    return (2 * mean_x * mean_y + c1) * (2 * covariance + c2) /
           ((mean_x * mean_x + mean_y * mean_y + c1) * (variances + c2));
}

}  // namespace

double ssim(const Image& image, const PackedView& target, const Lattice& lattice) {
    double sum = 0;
    for (int c = 0; c < target.channels; ++c) {
        std::vector<double> plane;
        for (std::int64_t i = 0; i < lattice.height; ++i) {
            for (std::int64_t j = 0; j < lattice.width; ++j) {
                plane.push_back(target.value(lattice.x + j * lattice.stride, lattice.y + i * lattice.stride, c));
            }
        }
        const double* const x = image.data() + c * lattice.samples();
        for (std::int64_t i = 0; i < lattice.height; ++i) {
            for (std::int64_t j = 0; j < lattice.width; ++j) sum += ssim_at(x, plane.data(), lattice, i, j);
        }
    }
    return sum / static_cast<double>(image.size());
}

}  // namespace gsfit::reference
