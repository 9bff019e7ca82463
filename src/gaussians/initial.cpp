#include <algorithm>
#include <cmath>

#include "gsfit/core/error.h"
#include "gsfit/core/parallel.h"
#include "gsfit/gaussians.h"

namespace gsfit {

namespace {

/// One value a cell, rows of `width`.
struct Map {
    std::int64_t width = 0;
    std::int64_t height = 0;
    std::vector<float> values;

    Map(std::int64_t w, std::int64_t h) : width(w), height(h), values(static_cast<std::size_t>(w * h)) {}
    float& at(std::int64_t x, std::int64_t y) { return values[static_cast<std::size_t>(y * width + x)]; }
    [[nodiscard]] float clamped(std::int64_t x, std::int64_t y) const {
        x = std::clamp<std::int64_t>(x, 0, width - 1);
        y = std::clamp<std::int64_t>(y, 0, height - 1);
        return values[static_cast<std::size_t>(y * width + x)];
    }
};

template <class T>
std::int64_t sum_of(const std::byte* first, std::int64_t count) {
    const T* values = reinterpret_cast<const T*>(first);
    std::int64_t sum = 0;
    for (std::int64_t i = 0; i < count; ++i) sum += values[i];
    return sum;
}

/// Mean over channels and boxes of stride x stride pixels, in [0,1]; boxes cut by the border are left out unless they
/// are all there is.
Map box_luma(const PackedView& image, std::int64_t stride) {
    Map map(std::max<std::int64_t>(1, image.width / stride), std::max<std::int64_t>(1, image.height / stride));
    const std::int64_t box_width = std::min(stride, image.width);
    const std::int64_t box_height = std::min(stride, image.height);
    const double largest = image.bits == 8 ? 255.0 : 65535.0;
    const double scale = 1.0 / (largest * static_cast<double>(box_width * box_height * image.channels));
    parallel_for(map.height, [&](std::int64_t y) {
        std::vector<std::int64_t> sums(static_cast<std::size_t>(map.width));
        for (std::int64_t row = 0; row < box_height; ++row) {
            for (std::int64_t x = 0; x < map.width; ++x) {
                const std::byte* first = image.pixel(x * stride, y * stride + row);
                const std::int64_t count = box_width * image.channels;
                sums[static_cast<std::size_t>(x)] +=
                    image.bits == 8 ? sum_of<std::uint8_t>(first, count) : sum_of<std::uint16_t>(first, count);
            }
        }
        for (std::int64_t x = 0; x < map.width; ++x) {
            map.at(x, y) = static_cast<float>(scale * static_cast<double>(sums[static_cast<std::size_t>(x)]));
        }
    });
    return map;
}

/// Squared magnitude of the Sobel gradient.
Map squared_gradient(const Map& map) {
    Map result(map.width, map.height);
    parallel_for(map.height, [&](std::int64_t y) {
        for (std::int64_t x = 0; x < map.width; ++x) {
            const auto column = [&](std::int64_t i) {
                return map.clamped(i, y - 1) + 2.0F * map.clamped(i, y) + map.clamped(i, y + 1);
            };
            const auto row = [&](std::int64_t j) {
                return map.clamped(x - 1, j) + 2.0F * map.clamped(x, j) + map.clamped(x + 1, j);
            };
            const float gx = column(x + 1) - column(x - 1);
            const float gy = row(y + 1) - row(y - 1);
            result.at(x, y) = gx * gx + gy * gy;
        }
    });
    return result;
}

/// Half the local spacing: sites are counted in cells of about 1.5 spacings, and each reads the 3 x 3 around it.
void set_sigmas(const PackedView& image, std::vector<Site>& sites) {
    const double spacing =
        std::sqrt(static_cast<double>(image.width * image.height) / static_cast<double>(sites.size()));
    const std::int64_t cell = std::max<std::int64_t>(4, static_cast<std::int64_t>(1.5 * spacing));
    Map counts((image.width + cell - 1) / cell, (image.height + cell - 1) / cell);
    for (const Site& site : sites) counts.at(site.x / cell, site.y / cell) += 1.0F;
    for (Site& site : sites) {
        float count = 0;
        float cells = 0;
        for (std::int64_t y = std::max<std::int64_t>(0, site.y / cell - 1);
             y <= std::min(counts.height - 1, site.y / cell + 1); ++y) {
            for (std::int64_t x = std::max<std::int64_t>(0, site.x / cell - 1);
                 x <= std::min(counts.width - 1, site.x / cell + 1); ++x) {
                count += counts.at(x, y);
                cells += 1.0F;
            }
        }
        site.sigma = 0.5F * static_cast<float>(cell) * std::sqrt(cells / count);
    }
}

}  // namespace

Field initial_field(const PackedView& image, const InitialOptions& options, Random& random) {
    const std::int64_t pixels = image.width * image.height;
    if (options.count < 1 || options.count > pixels) {
        throw Error("an image of " + std::to_string(pixels) + " pixels cannot start with " +
                    std::to_string(options.count) + " Gaussians");
    }
    const Map weights = squared_gradient(box_luma(image, options.stride));
    const auto cells = static_cast<std::int64_t>(weights.values.size());
    const std::int64_t count = std::min(options.count, cells);
    const auto uniform = static_cast<std::int64_t>(options.random_ratio * static_cast<float>(count));
    auto drawn = draw_without_replacement(std::vector<float>(weights.values.size(), 1.0F), uniform, random);
    const auto by_gradient = draw_without_replacement(weights.values, count - uniform, random);
    drawn.insert(drawn.end(), by_gradient.begin(), by_gradient.end());

    std::vector<Site> sites;
    sites.reserve(drawn.size());
    for (const std::int64_t cell : drawn) {
        const std::int64_t x = cell % weights.width * options.stride + random.below(options.stride);
        const std::int64_t y = cell / weights.width * options.stride + random.below(options.stride);
        sites.push_back({std::min(x, image.width - 1), std::min(y, image.height - 1), 1.0F});
    }
    set_sigmas(image, sites);
    const Field field = gaussians_at(image, sites, options.pitch);
    return select(field, morton_order(field.position));
}

}  // namespace gsfit
