#include "codec/importance.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "gsfit/core/parallel.h"

namespace gsfit::codec {
namespace {

constexpr std::int64_t band_rows = 64;
constexpr std::int64_t grain = 8;  // rows or items that a thread takes at once

struct Band {
    std::int64_t width, first, end;
};

/// visit(pixel of the band, weight, offset along the major axis, along the minor one [sigma]), of rows first to end.
template <class Visit>
void each_sample(const Item& item, double cutoff, const Band& band, std::int64_t first, std::int64_t end,
                 const Visit& visit) {
    const auto cosine = static_cast<float>(std::cos(item.angle));
    const auto sine = static_cast<float>(std::sin(item.angle));
    const auto major = static_cast<float>(1 / item.major);
    const auto minor = static_cast<float>(1 / item.minor);
    const auto limit = static_cast<float>(cutoff * cutoff);
    const auto bounded = [](double x, std::int64_t low, std::int64_t high) {
        return static_cast<std::int64_t>(std::clamp(x, static_cast<double>(low), static_cast<double>(high)));
    };
    const std::int64_t top = bounded(item.y - item.half_height, first, end);
    const std::int64_t bottom = bounded(item.y + item.half_height + 1, first, end);
    const std::int64_t left = bounded(item.x - item.half_width, 0, band.width);
    const std::int64_t right = bounded(item.x + item.half_width + 1, 0, band.width);
    for (std::int64_t row = top; row < bottom; ++row) {
        const auto dy = static_cast<float>(static_cast<double>(row) + 0.5 - item.y);
        for (std::int64_t column = left; column < right; ++column) {
            const auto dx = static_cast<float>(static_cast<double>(column) + 0.5 - item.x);
            const float along = (cosine * dx + sine * dy) * major;
            const float across = (cosine * dy - sine * dx) * minor;
            const float q = along * along + across * across;
            if (q <= limit) visit((row - band.first) * band.width + column, std::exp(-0.5F * q), along, across);
        }
    }
}

/// What a band's pixels are: sums of weights and of weighted colours.
class Image {
public:
    Image(const Description& description, std::int64_t width)
        : normalised_(description.blending.normalised()),
          eps_(description.blending.eps),
          stride_(description.channels + 1),
          sums_(static_cast<std::size_t>(band_rows * width * stride_)) {}

    void clear() { std::fill(sums_.begin(), sums_.end(), 0.0F); }
    void add(std::int64_t pixel, float weight, const std::vector<double>& values) {
        float* const sums = &sums_[static_cast<std::size_t>(pixel * stride_)];
        sums[0] += weight;
        for (std::int64_t c = 1; c < stride_; ++c) sums[c] += weight * static_cast<float>(values[c - 1]);
    }
    /// d color / d value, of a sample with this weight.
    [[nodiscard]] float share(std::int64_t pixel, float weight) const {
        return normalised_ ? weight / (sums_[static_cast<std::size_t>(pixel * stride_)] + eps_) : weight;
    }
    /// |d color / d ln weight|^2
    [[nodiscard]] float slope(std::int64_t pixel, float weight, const std::vector<double>& values) const {
        const float* const sums = &sums_[static_cast<std::size_t>(pixel * stride_)];
        const float own = share(pixel, weight);
        float sum = 0;
        for (std::int64_t c = 1; c < stride_; ++c) {
            const float mean = normalised_ ? sums[c] / (sums[0] + eps_) : 0.0F;
            const float change = own * (static_cast<float>(values[c - 1]) - mean);
            sum += change * change;
        }
        return sum;
    }

private:
    bool normalised_;
    float eps_;
    std::int64_t stride_;
    std::vector<float> sums_;
};

void add_importance(const Item& item, double cutoff, const Band& band, const Image& image, Importance& sums) {
    constexpr double ln2 = std::numbers::ln2;
    each_sample(item, cutoff, band, band.first, band.end,
                [&](std::int64_t pixel, float weight, float along, float across) {
                    const double slope = image.slope(pixel, weight, item.values);
                    const double u = along * along;
                    const double v = across * across;
                    const double share = image.share(pixel, weight);
                    sums.position += slope * (u + v) / 2;
                    sums.area += slope * (u + v) * (u + v) * ln2 * ln2;
                    sums.aspect += slope * (u - v) * (u - v) / 4 * ln2 * ln2;
                    sums.angle += slope * u * v;
                    sums.color += share * share;
                });
}

std::vector<Importance> importance_of_all_pixels(const std::vector<Item>& items, const Description& description) {
    std::vector<Importance> importances(items.size());
    Image image(description, description.width);
    const double cutoff = description.blending.cutoff;
    for (std::int64_t first = 0; first < description.height; first += band_rows) {
        const Band band{description.width, first, std::min(first + band_rows, description.height)};
        std::vector<std::size_t> seen;
        for (std::size_t i = 0; i < items.size(); ++i) {
            const Item& item = items[i];
            if (item.y + item.half_height > static_cast<double>(band.first) &&
                item.y - item.half_height < static_cast<double>(band.end)) {
                seen.push_back(i);
            }
        }
        image.clear();
        parallel_ranges(band.end - band.first, grain, [&](std::int64_t begin, std::int64_t end) {
            for (const std::size_t i : seen) {
                each_sample(
                    items[i], cutoff, band, band.first + begin, band.first + end,
                    [&](std::int64_t pixel, float weight, float, float) { image.add(pixel, weight, items[i].values); });
            }
        });
        parallel_ranges(static_cast<std::int64_t>(seen.size()), grain, [&](std::int64_t begin, std::int64_t end) {
            for (std::int64_t k = begin; k < end; ++k) {
                add_importance(items[seen[k]], cutoff, band, image, importances[seen[k]]);
            }
        });
    }
    return importances;
}

/// Largest power of two up to an eighth of the pitch, by which most Gaussians are seen, that leaves 2^21 samples.
int stride_of(std::size_t size, const Description& description) {
    const double pixels = static_cast<double>(description.width) * static_cast<double>(description.height);
    const double fewest_samples = std::max(64.0 * static_cast<double>(size), 1.0 * (1 << 21));
    int stride = 1;
    while (4.0 * stride * stride * fewest_samples <= pixels) stride *= 2;
    return stride;
}

}  // namespace

std::vector<Importance> importance_of(std::vector<Item> items, Description description) {
    const int stride = stride_of(items.size(), description);
    if (stride == 1) return importance_of_all_pixels(items, description);
    description.width = std::max<std::int64_t>(1, description.width / stride);
    description.height = std::max<std::int64_t>(1, description.height / stride);
    for (Item& item : items) {
        for (double* const length : {&item.x, &item.y, &item.major, &item.minor, &item.half_width, &item.half_height}) {
            *length /= stride;
        }
    }
    std::vector<Importance> importances = importance_of_all_pixels(items, description);
    for (Importance& importance : importances) {
        for (double* const sum :
             {&importance.position, &importance.area, &importance.aspect, &importance.angle, &importance.color}) {
            *sum *= stride * stride;
        }
    }
    return importances;
}

}  // namespace gsfit::codec
