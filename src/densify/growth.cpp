#include <ATen/ops/cat.h>
#include <ATen/ops/index_select.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "gsfit/core/parallel.h"
#include "gsfit/densify.h"
#include "gsfit/gaussians.h"

namespace gsfit {

namespace {

/// Mean over channels of |target - image| at every sample.
std::vector<float> residual(const at::Tensor& image, const PackedView& target, const Lattice& lattice) {
    const float* data = image.const_data_ptr<float>();
    const std::int64_t plane = lattice.samples();
    std::vector<float> result(static_cast<std::size_t>(plane));
    parallel_for(lattice.height, [&](std::int64_t i) {
        for (std::int64_t j = 0; j < lattice.width; ++j) {
            const std::int64_t sample = i * lattice.width + j;
            float sum = 0;
            for (int c = 0; c < target.channels; ++c) {
                const float wanted = target.value(lattice.x + j * lattice.stride, lattice.y + i * lattice.stride, c);
                sum += std::abs(wanted - data[c * plane + sample]);
            }
            result[static_cast<std::size_t>(sample)] = sum / static_cast<float>(target.channels);
        }
    });
    return result;
}

/// Squares of the 3 x 3 means; samples beyond the border count as the nearest one inside. Not finite: 0.
std::vector<float> squared_blur(const std::vector<float>& map, std::int64_t width, std::int64_t height) {
    std::vector<float> result(map.size());
    parallel_for(height, [&](std::int64_t y) {
        const auto row = [&](std::int64_t i) {
            return map.data() + std::clamp<std::int64_t>(i, 0, height - 1) * width;
        };
        const float* rows[3] = {row(y - 1), row(y), row(y + 1)};
        const auto column = [&](std::int64_t x) {
            x = std::clamp<std::int64_t>(x, 0, width - 1);
            return rows[0][x] + rows[1][x] + rows[2][x];
        };
        for (std::int64_t x = 0; x < width; ++x) {
            const float mean = (column(x - 1) + column(x) + column(x + 1)) / 9.0F;
            result[static_cast<std::size_t>(y * width + x)] = std::isfinite(mean) ? mean * mean : 0.0F;
        }
    });
    return result;
}

Moments concatenate(const Moments& a, const Moments& b) {
    return {
        .first = at::cat({a.first, b.first}), .second = at::cat({a.second, b.second}), .age = at::cat({a.age, b.age})};
}

}  // namespace

void grow(Field& field, Moments& moments, const at::Tensor& image, const PackedView& target, const Lattice& lattice,
          const GrowthOptions& options, Random& random) {
    const auto weights = squared_blur(residual(image, target, lattice), lattice.width, lattice.height);
    const std::int64_t most = std::max<std::int64_t>(1, lattice.samples() / 2);
    const auto drawn = draw_without_replacement(weights, std::min(options.count, most), random);
    std::vector<Site> sites;
    sites.reserve(drawn.size());
    const auto around = [&](std::int64_t center, std::int64_t size) {
        const std::int64_t pixel = center + random.below(lattice.stride) - lattice.stride / 2;
        return std::clamp<std::int64_t>(pixel, 0, size - 1);
    };
    for (const std::int64_t sample : drawn) {
        const std::int64_t x = around(lattice.x + sample % lattice.width * lattice.stride, target.width);
        const std::int64_t y = around(lattice.y + sample / lattice.width * lattice.stride, target.height);
        sites.push_back({x, y, options.sigma});
    }
    const Field added = gaussians_at(target, sites, options.pitch);
    field = concatenate(field, added);
    moments = concatenate(moments, Moments::zeros(added.size(), added.channels()));
    sort(field, moments);
}

void sort(Field& field, Moments& moments) {
    const auto order = morton_order(field.position);
    field = select(field, order);
    moments = {.first = moments.first.index_select(0, order),
               .second = moments.second.index_select(0, order),
               .age = moments.age.index_select(0, order)};
}

}  // namespace gsfit
