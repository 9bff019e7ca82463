#include "gsfit/gaussians/image_gs.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>

#include "gsfit/core/error.h"
#include "gsfit/core/parallel.h"
#include "gsfit/gaussians/sampling.h"
#include "gsfit/image/saliency.h"

namespace gsfit {

namespace {

/// Weights of the pixels of row y.
using RowWeights = std::function<void(std::int64_t y, float* weights)>;

/// |Sobel gradient|^2 of a row, summed over channels; beyond the border is the nearest pixel.
void squared_gradient(const PackedView& image, std::int64_t y, float* weights) {
    const std::int64_t above = std::max<std::int64_t>(0, y - 1);
    const std::int64_t below = std::min(y + 1, image.height - 1);
    for (std::int64_t x = 0; x < image.width; ++x) {
        const std::int64_t left = std::max<std::int64_t>(0, x - 1);
        const std::int64_t right = std::min(x + 1, image.width - 1);
        weights[x] = 0;
        for (int c = 0; c < image.channels; ++c) {
            const auto value = [&](std::int64_t px, std::int64_t py) { return image.value(px, py, c); };
            const auto column = [&](std::int64_t px) { return value(px, above) + 2 * value(px, y) + value(px, below); };
            const auto row = [&](std::int64_t py) { return value(left, py) + 2 * value(x, py) + value(right, py); };
            const float gx = column(right) - column(left);
            const float gy = row(below) - row(above);
            weights[x] += gx * gx + gy * gy;
        }
    }
}

/// Different pixels, with probability proportional to their weights.
std::vector<std::int64_t> draw(const PackedView& image, std::int64_t count, const RowWeights& weigh,
                               const Forget& forget, Random& random) {
    WeightedSampler sampler(count, random.bits());
    constexpr std::int64_t run = 128;  // rows between two calls of forget
    constexpr std::int64_t grain = 16;
    for (std::int64_t first = 0; first < image.height; first += run) {
        parallel_ranges(std::min(run, image.height - first), grain, [&](std::int64_t begin, std::int64_t end) {
            std::vector<float> weights(static_cast<std::size_t>(image.width));
            for (std::int64_t y = first + begin; y < first + end; ++y) {
                weigh(y, weights.data());
                sampler.add(y * image.width, weights);
            }
        });
        if (forget) forget();
    }
    return sampler.take();
}

std::vector<std::int64_t> draw_uniformly(const PackedView& image, std::int64_t count, Random& random) {
    return draw(
        image, count, [&](std::int64_t, float* weights) { std::fill_n(weights, image.width, 1.0F); }, {}, random);
}

/// By gradient or saliency.
std::vector<std::int64_t> draw_by_mode(const PackedView& image, std::int64_t count, const ImageGsStart& start,
                                       Random& random) {
    if (start.mode == InitMode::gradient) {
        return draw(
            image, count, [&](std::int64_t y, float* weights) { squared_gradient(image, y, weights); }, start.forget,
            random);
    }
    const SaliencyMap saliency(image, static_cast<double>(start.saliency_blur));
    return draw(
        image, count, [&](std::int64_t y, float* weights) { saliency.row(y, weights); }, {}, random);
}

std::vector<std::int64_t> start_pixels(const PackedView& image, const ImageGsStart& start, Random& random) {
    if (start.mode == InitMode::random) return draw_uniformly(image, start.count, random);
    const std::int64_t uniform = std::llround(start.random_ratio * static_cast<float>(start.count));
    std::vector<std::int64_t> pixels = draw_uniformly(image, uniform, random);
    const std::vector<std::int64_t> others = draw_by_mode(image, start.count - uniform, start, random);
    pixels.insert(pixels.end(), others.begin(), others.end());
    return pixels;
}

at::Tensor start_features(const PackedView& image, const std::vector<std::int64_t>& pixels, bool colored,
                          Random& random) {
    at::Tensor feature = at::empty({static_cast<std::int64_t>(pixels.size()), image.channels});
    float* values = feature.data_ptr<float>();
    for (const std::int64_t pixel : pixels) {
        for (int c = 0; c < image.channels; ++c) {
            *values++ = colored ? image.value(pixel % image.width, pixel / image.width, c)
                                : static_cast<float>(random.uniform());
        }
    }
    return feature;
}

}  // namespace

Field round_gaussians(const PackedView& image, const std::vector<std::int64_t>& pixels, float sigma,
                      const at::Tensor& feature) {
    const auto n = static_cast<std::int64_t>(pixels.size());
    Field field{.position = at::empty({n, 2}),
                .inv_scale = at::full({n, 2}, 1.0F / sigma),
                .rotation = at::zeros({n, 1}),
                .feature = feature,
                .raster_width = image.width,
                .raster_height = image.height};
    float* position = field.position.data_ptr<float>();
    const auto center = [](std::int64_t pixel, std::int64_t size) {
        return static_cast<float>((static_cast<double>(pixel) + 0.5) / static_cast<double>(size));
    };
    for (const std::int64_t pixel : pixels) {
        *position++ = center(pixel % image.width, image.width);
        *position++ = center(pixel / image.width, image.height);
    }
    return field;
}

Field image_gs_field(const PackedView& image, const ImageGsStart& start, Random& random) {
    if (start.count < 1 || start.count > image.width * image.height) {
        throw Error("an image of " + std::to_string(image.width * image.height) + " pixels cannot start with " +
                    std::to_string(start.count) + " Gaussians");
    }
    const std::vector<std::int64_t> pixels = start_pixels(image, start, random);
    const at::Tensor feature = start_features(image, pixels, start.colored, random);
    const Field field = round_gaussians(image, pixels, start.sigma, feature);
    return select(field, morton_order(field.position));
}

}  // namespace gsfit
