#include "bench/scene.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numbers>
#include <utility>

#include "gsfit/core/random.h"
#include "gsfit/gaussians.h"

namespace gsfit::bench {
namespace {

constexpr double pairs_per_pixel = 12;
constexpr int channels = 3;

/// Box and Muller.
double normal(Random& random) {
    const double radius = std::sqrt(-2 * std::log(1 - random.uniform()));
    return radius * std::cos(2 * std::numbers::pi * random.uniform());
}

/// inv_scale so that the ellipses of 3 sigma hold `pairs_per_pixel` times the raster's area.
at::Tensor log_normal_inv_scale(const Row& row, Random& random) {
    auto inv_scale = at::empty({row.gaussians, 2});
    float* data = inv_scale.data_ptr<float>();
    double area = 0;
    for (std::int64_t i = 0; i < row.gaussians; ++i) {
        const double x = std::exp(0.5 * normal(random));
        const double y = std::exp(0.5 * normal(random));
        area += std::numbers::pi * 9 * x * y;
        data[2 * i] = static_cast<float>(1 / x);
        data[2 * i + 1] = static_cast<float>(1 / y);
    }
    const double pixels = static_cast<double>(row.width) * static_cast<double>(row.height);
    const auto scale = static_cast<float>(std::sqrt(area / (pairs_per_pixel * pixels)));
    std::for_each_n(data, 2 * row.gaussians, [&](float& value) { value *= scale; });
    return inv_scale;
}

Field make_field(const Row& row) {
    Random random(7);
    Field field{.position = at::empty({row.gaussians, 2}),
                .inv_scale = log_normal_inv_scale(row, random),
                .rotation = at::empty({row.gaussians, 1}),
                .feature = at::empty({row.gaussians, channels}),
                .raster_width = row.width,
                .raster_height = row.height};
    const auto fill = [](const at::Tensor& tensor, const auto& draw) {
        std::generate_n(tensor.data_ptr<float>(), tensor.numel(), [&] { return static_cast<float>(draw()); });
    };
    fill(field.position, [&] { return random.uniform(); });
    fill(field.rotation, [&] { return std::numbers::pi * random.uniform(); });
    fill(field.feature, [&] { return 0.1 + 0.2 * normal(random); });
    return select(field, morton_order(field.position));
}

std::vector<std::uint8_t> make_noise(std::size_t size) {
    Random random(11);
    std::vector<std::uint8_t> bytes(size);
    for (std::size_t i = 0; i < size; i += sizeof(std::uint64_t)) {
        const std::uint64_t word = random.bits();
        std::memcpy(bytes.data() + i, &word, std::min(sizeof word, size - i));
    }
    return bytes;
}

}  // namespace

Scene make_scene(const Row& row) {
    const std::size_t row_bytes = static_cast<std::size_t>(row.width) * channels;
    Scene scene{.field = make_field(row), .pixels = make_noise(row_bytes * static_cast<std::size_t>(row.height))};
    scene.target = {.data = reinterpret_cast<const std::byte*>(scene.pixels.data()),
                    .width = row.width,
                    .height = row.height,
                    .channels = channels,
                    .bits = 8,
                    .row_bytes = row_bytes};
    return scene;
}

std::int64_t count_pairs(const Splats& splats, const Lattice& lattice, double cutoff) {
    const float* center = splats.center.const_data_ptr<float>();
    const float* conic = splats.conic.const_data_ptr<float>();
    const float* dets = splats.det.const_data_ptr<float>();
    // The samples, of `count`, that lie within `half` of `middle`.
    const auto within = [](double middle, double half, std::int64_t count) {
        const auto first = std::max(std::ceil(middle - half - 0.5), 0.0);
        const auto last = std::min(std::floor(middle + half - 0.5), static_cast<double>(count - 1));
        return std::pair(static_cast<std::int64_t>(first), static_cast<std::int64_t>(last));
    };
    std::int64_t pairs = 0;
    for (std::int64_t i = 0; i < splats.center.size(0); ++i) {
        const double x = center[2 * i];
        const double y = center[2 * i + 1];
        const double a = conic[3 * i];
        const double b = conic[3 * i + 1];
        const double det = dets[i];
        const auto [top, bottom] = within(y, cutoff * std::sqrt(a / det), lattice.height);
        for (std::int64_t row = top; row <= bottom; ++row) {
            const double dy = static_cast<double>(row) + 0.5 - y;
            const double half = std::sqrt(std::max(cutoff * cutoff - det / a * dy * dy, 0.0) / a);
            const auto [left, right] = within(x - b / a * dy, half, lattice.width);
            pairs += std::max<std::int64_t>(right - left + 1, 0);
        }
    }
    return pairs;
}

}  // namespace gsfit::bench
