#include <ATen/ops/empty.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "gsfit/core/parallel.h"
#include "gsfit/gaussians.h"

namespace gsfit {

namespace {

/// Mean over channels at a pixel, the nearest one inside for a pixel outside.
float luma(const PackedView& image, std::int64_t x, std::int64_t y) {
    x = std::clamp<std::int64_t>(x, 0, image.width - 1);
    y = std::clamp<std::int64_t>(y, 0, image.height - 1);
    float sum = 0;
    for (int c = 0; c < image.channels; ++c) sum += image.value(x, y, c);
    return sum / static_cast<float>(image.channels);
}

/// Direction of the gradient around a pixel, and how sure it is.
struct Edge {
    float angle;      // [radians]
    float coherence;  // 0 (none) to 1
};

Edge edge_at(const PackedView& image, std::int64_t x, std::int64_t y, std::int64_t tap) {
    float xx = 0;
    float xy = 0;
    float yy = 0;
    for (int j = -2; j <= 2; ++j) {
        for (int i = -2; i <= 2; ++i) {
            const std::int64_t px = x + i * tap;
            const std::int64_t py = y + j * tap;
            const float gx = luma(image, px + tap, py) - luma(image, px - tap, py);
            const float gy = luma(image, px, py + tap) - luma(image, px, py - tap);
            const float weight = std::exp(static_cast<float>(-(i * i + j * j)) / 4.0F);
            xx += weight * gx * gx;
            xy += weight * gx * gy;
            yy += weight * gy * gy;
        }
    }
    const float difference = std::sqrt((xx - yy) * (xx - yy) + 4.0F * xy * xy);
    return {.angle = 0.5F * std::atan2(2.0F * xy, xx - yy), .coherence = difference / (xx + yy + 1e-4F)};
}

}  // namespace

std::int64_t field_bytes(std::int64_t size, int channels) {
    return size * (5 + channels) * static_cast<std::int64_t>(sizeof(float));
}

Field gaussians_at(const PackedView& image, const std::vector<Site>& sites, double pitch, const Forget& forget) {
    const auto n = static_cast<std::int64_t>(sites.size());
    Field field{.position = at::empty({n, 2}),
                .inv_scale = at::empty({n, 2}),
                .rotation = at::empty({n, 1}),
                .feature = at::empty({n, image.channels}),
                .raster_width = image.width,
                .raster_height = image.height};
    float* position = field.position.data_ptr<float>();
    float* inv_scale = field.inv_scale.data_ptr<float>();
    float* rotation = field.rotation.data_ptr<float>();
    float* feature = field.feature.data_ptr<float>();
    const std::int64_t tap = std::max<std::int64_t>(1, std::llround(0.1 * pitch));
    const auto place = [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) {
            const Site& site = sites[static_cast<std::size_t>(i)];
            const Edge edge = edge_at(image, site.x, site.y, tap);
            const float stretch = std::exp(0.6F * edge.coherence * edge.coherence);
            position[2 * i] =
                static_cast<float>((static_cast<double>(site.x) + 0.5) / static_cast<double>(image.width));
            position[2 * i + 1] =
                static_cast<float>((static_cast<double>(site.y) + 0.5) / static_cast<double>(image.height));
            inv_scale[2 * i] = stretch / site.sigma;
            inv_scale[2 * i + 1] = 1.0F / (stretch * site.sigma);
            rotation[i] = edge.angle;
            for (int c = 0; c < image.channels; ++c) {
                feature[i * image.channels + c] = image.value(site.x, site.y, c);
            }
        }
    };
    constexpr std::int64_t grain = 64;
    constexpr std::int64_t run = 1024;
    for (std::int64_t first = 0; first < n; first += run) {
        parallel_ranges(std::min(run, n - first), grain,
                        [&](std::int64_t begin, std::int64_t end) { place(first + begin, first + end); });
        if (forget) forget();
    }
    return field;
}

}  // namespace gsfit
