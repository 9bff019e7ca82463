#include <algorithm>
#include <array>
#include <cmath>

#include "gsfit/bins.h"
#include "reference/reference.h"

namespace gsfit::reference {

namespace {

constexpr std::int64_t halo = 5;
using Window = std::array<double, 2 * halo + 1>;
constexpr double c1 = 0.01 * 0.01;
constexpr double c2 = 0.03 * 0.03;

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

/// The window around a sample, cropped at the edge of what is drawn of its block.
class BlockWindow {
public:
    BlockWindow(const Lattice& lattice, const Rows& band, std::int64_t row, std::int64_t column)
        : lattice_(lattice), row_(row), column_(column) {
        const auto within = [](std::int64_t at, std::int64_t first, std::int64_t end) {
            const std::int64_t begin = at / block_size * block_size;
            return std::array{std::max({at - halo, begin, first}), std::min({at + halo + 1, begin + block_size, end})};
        };
        rows_ = within(row, band.first, band.first + band.count);
        columns_ = within(column, 0, lattice.width);
        for_each_sample([&](std::int64_t /*at*/, double weight) { total_ += weight; });
    }

    /// 1 - SSIM of planes x and y [h,w]; adds `share` times its derivative by x to `slopes`.
    double operator()(const double* x, const double* y, double share, double* slopes) const {
        double mean_x = 0, mean_y = 0, xx = 0, yy = 0, xy = 0;
        for_each_sample([&](std::int64_t at, double weight) {
            mean_x += weight / total_ * x[at];
            mean_y += weight / total_ * y[at];
            xx += weight / total_ * x[at] * x[at];
            yy += weight / total_ * y[at] * y[at];
            xy += weight / total_ * x[at] * y[at];
        });
        const double luminance = 2 * mean_x * mean_y + c1;
        const double structure = 2 * (xy - mean_x * mean_y) + c2;
        const double means = mean_x * mean_x + mean_y * mean_y + c1;
        const double variances = xx - mean_x * mean_x + yy - mean_y * mean_y + c2;
        const double all = means * variances;
        const double ssim = luminance * structure / all;
        const double by_mean =
            2 * mean_y * (structure - luminance) / all - 2 * mean_x * ssim * (1 / means - 1 / variances);
        for_each_sample([&](std::int64_t at, double weight) {
            const double by = by_mean + 2 * luminance / all * y[at] - 2 * ssim / variances * x[at];
            slopes[at] -= share * weight / total_ * by;
        });
        return 1 - ssim;
    }

private:
    template <class Visit>
    void for_each_sample(const Visit& visit) const {
        static const Window window = gaussian_window(1.5);
        for (std::int64_t i = rows_[0]; i < rows_[1]; ++i) {
            for (std::int64_t j = columns_[0]; j < columns_[1]; ++j) {
                visit(i * lattice_.width + j, window[i - row_ + halo] * window[j - column_ + halo]);
            }
        }
    }

    const Lattice& lattice_;
    std::int64_t row_, column_;
    std::array<std::int64_t, 2> rows_{}, columns_{};
    double total_ = 0;
};

std::vector<double> plane_of(const PackedView& target, const Lattice& lattice, int channel) {
    std::vector<double> plane;
    for (std::int64_t i = 0; i < lattice.height; ++i) {
        for (std::int64_t j = 0; j < lattice.width; ++j) {
            plane.push_back(target.value(lattice.x + j * lattice.stride, lattice.y + i * lattice.stride, channel));
        }
    }
    return plane;
}

}  // namespace

double block_dissimilarity(const Image& image, const PackedView& target, const Lattice& lattice, const Rows& band,
                           Image& gradient) {
    gradient.assign(image.size(), 0);
    const auto windows = static_cast<double>((lattice.width + 1) / 2 * ((lattice.height + 1) / 2) * target.channels);
    double sum = 0;
    for (int c = 0; c < target.channels; ++c) {
        const std::vector<double> plane = plane_of(target, lattice, c);
        const std::int64_t first = c * lattice.samples();
        for (std::int64_t row = (band.first + 1) / 2 * 2; row < band.first + band.count; row += 2) {
            for (std::int64_t column = 0; column < lattice.width; column += 2) {
                const BlockWindow window(lattice, band, row, column);
                sum += window(image.data() + first, plane.data(), 1 / windows, gradient.data() + first);
            }
        }
    }
    return sum / windows;
}

double ssim(const Image& image, const PackedView& target, const Lattice& lattice) {
    double sum = 0;
    for (int c = 0; c < target.channels; ++c) {
        const std::vector<double> plane = plane_of(target, lattice, c);
        const double* const x = image.data() + c * lattice.samples();
        for (std::int64_t i = 0; i < lattice.height; ++i) {
            for (std::int64_t j = 0; j < lattice.width; ++j) sum += ssim_at(x, plane.data(), lattice, i, j);
        }
    }
    return sum / static_cast<double>(image.size());
}

}  // namespace gsfit::reference
