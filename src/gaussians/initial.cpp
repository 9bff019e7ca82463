#include <algorithm>
#include <cmath>
#include <string>

#include "gsfit/core/error.h"
#include "gsfit/core/parallel.h"
#include "gsfit/gaussians.h"
#include "gsfit/gaussians/sampling.h"

namespace gsfit {

namespace {

template <class T>
std::int64_t sum_of(const std::byte* first, std::int64_t count) {
    const T* values = reinterpret_cast<const T*>(first);
    std::int64_t sum = 0;
    for (std::int64_t i = 0; i < count; ++i) sum += values[i];
    return sum;
}

/// The image in boxes of stride x stride pixels; boxes cut by the border are left out unless they are all there is.
class Boxes {
public:
    Boxes(const PackedView& image, std::int64_t stride)
        : image_(image),
          stride_(stride),
          box_width_(std::min(stride, image.width)),
          box_height_(std::min(stride, image.height)) {}

    [[nodiscard]] std::int64_t width() const { return image_.width / box_width_; }
    [[nodiscard]] std::int64_t height() const { return image_.height / box_height_; }

    /// Means over channels and boxes of row y, in [0,1].
    void luma(std::int64_t y, float* row) const {
        if (image_.bits == 8) {
            mean<std::uint8_t>(y, row, 255.0);
        } else {
            mean<std::uint16_t>(y, row, 65535.0);
        }
    }

private:
    template <class T>
    void mean(std::int64_t y, float* row, double largest) const {
        const std::int64_t values = box_width_ * image_.channels;
        const double scale = 1.0 / (largest * static_cast<double>(box_height_ * values));
        for (std::int64_t x = 0; x < width(); ++x) {
            std::int64_t sum = 0;
            for (std::int64_t j = 0; j < box_height_; ++j) {
                sum += sum_of<T>(image_.pixel(x * stride_, y * stride_ + j), values);
            }
            row[x] = static_cast<float>(scale * static_cast<double>(sum));
        }
    }

    PackedView image_;
    std::int64_t stride_;
    std::int64_t box_width_;
    std::int64_t box_height_;
};

/// Squared magnitude of the Sobel gradient.
void squared_gradient(const RowTriple& rows, std::int64_t width, float* result) {
    const auto column = [&](std::int64_t x) { return rows.above[x] + 2.0F * rows.middle[x] + rows.below[x]; };
    const auto row = [](const float* values, std::int64_t x) {
        return values[x - 1] + 2.0F * values[x] + values[x + 1];
    };
    for (std::int64_t x = 0; x < width; ++x) {
        const float gx = column(x + 1) - column(x - 1);
        const float gy = row(rows.below, x) - row(rows.above, x);
        result[x] = gx * gx + gy * gy;
    }
}

std::vector<std::int64_t> draw_uniformly(std::int64_t count, std::int64_t places, Random& random) {
    constexpr std::int64_t grain = 4096;
    const std::vector<float> ones(grain, 1.0F);
    WeightedSampler sampler(count, random.bits());
    parallel_ranges(places, grain, [&](std::int64_t begin, std::int64_t end) {
        sampler.add(begin, std::span(ones).first(static_cast<std::size_t>(end - begin)));
    });
    return sampler.take();
}

std::vector<std::int64_t> draw_by_gradient(std::int64_t count, const Boxes& boxes, const Forget& forget,
                                           Random& random) {
    WeightedSampler sampler(count, random.bits());
    const NeighbourhoodWeights weights{
        .width = boxes.width(),
        .height = boxes.height(),
        .map_row = [&](std::int64_t y, float* row) { boxes.luma(y, row); },
        .weigh_row = [&](const RowTriple& rows, float* row) { squared_gradient(rows, boxes.width(), row); }};
    constexpr std::int64_t run = 128;
    for (std::int64_t first = 0; first < boxes.height(); first += run) {
        add_rows(sampler, weights, {first, std::min(run, boxes.height() - first)});
        if (forget) forget();
    }
    return sampler.take();
}

/// Half the local spacing: sites are counted in cells of about 1.5 spacings, and each reads the 3 x 3 around it.
void set_sigmas(const PackedView& image, std::vector<Site>& sites) {
    const double spacing =
        std::sqrt(static_cast<double>(image.width * image.height) / static_cast<double>(sites.size()));
    const std::int64_t cell = std::max<std::int64_t>(4, static_cast<std::int64_t>(1.5 * spacing));
    const std::int64_t width = (image.width + cell - 1) / cell;
    const std::int64_t height = (image.height + cell - 1) / cell;
    std::vector<float> counts(static_cast<std::size_t>(width * height));
    const auto at = [&](std::int64_t x, std::int64_t y) -> float& {
        return counts[static_cast<std::size_t>(y * width + x)];
    };
    for (const Site& site : sites) at(site.x / cell, site.y / cell) += 1.0F;
    for (Site& site : sites) {
        float count = 0;
        float cells = 0;
        for (std::int64_t y = std::max<std::int64_t>(0, site.y / cell - 1);
             y <= std::min(height - 1, site.y / cell + 1); ++y) {
            for (std::int64_t x = std::max<std::int64_t>(0, site.x / cell - 1);
                 x <= std::min(width - 1, site.x / cell + 1); ++x) {
                count += at(x, y);
                cells += 1.0F;
            }
        }
        site.sigma = 0.5F * static_cast<float>(cell) * std::sqrt(cells / count);
    }
}

std::vector<Site> initial_sites(const PackedView& image, const InitialOptions& options, Random& random) {
    const Boxes boxes(image, options.stride);
    const std::int64_t places = boxes.width() * boxes.height();
    const std::int64_t count = std::min(options.count, places);
    const auto uniform = static_cast<std::int64_t>(options.random_ratio * static_cast<float>(count));
    std::vector<Site> sites;
    sites.reserve(static_cast<std::size_t>(count));
    const auto add = [&](const std::vector<std::int64_t>& drawn) {
        for (const std::int64_t place : drawn) {
            const std::int64_t x = place % boxes.width() * options.stride + random.below(options.stride);
            const std::int64_t y = place / boxes.width() * options.stride + random.below(options.stride);
            sites.push_back({std::min(x, image.width - 1), std::min(y, image.height - 1), 1.0F});
        }
    };
    add(draw_uniformly(uniform, places, random));
    add(draw_by_gradient(count - uniform, boxes, options.forget, random));
    set_sigmas(image, sites);
    return sites;
}

}  // namespace

Field initial_field(const PackedView& image, const InitialOptions& options, Random& random) {
    const std::int64_t pixels = image.width * image.height;
    if (options.count < 1 || options.count > pixels) {
        throw Error("an image of " + std::to_string(pixels) + " pixels cannot start with " +
                    std::to_string(options.count) + " Gaussians");
    }
    const Field field = gaussians_at(image, initial_sites(image, options, random), options.pitch, options.forget);
    return select(field, morton_order(field.position));
}

/// The worst moment is the draw, with sites beside it (the cells in which these are counted later are fewer bytes), or
/// the sorting: the field twice and its order.
std::int64_t initial_field_bytes(std::int64_t width, int channels, std::int64_t count) {
    const auto sites = count * static_cast<std::int64_t>(sizeof(Site));
    const auto order = count * static_cast<std::int64_t>(sizeof(std::int64_t));
    return std::max(sites + WeightedSampler::bytes(count) + add_rows_bytes(width),
                    2 * field_bytes(count, channels) + order);
}

}  // namespace gsfit
