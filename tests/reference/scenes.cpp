#include "reference/scenes.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "gsfit/core/random.h"
#include "reference/compare.h"

namespace gsfit::reference {

namespace {

double normal(Random& random) {
    const double radius = std::sqrt(-2 * std::log(1 - random.uniform()));
    return radius * std::cos(2 * std::numbers::pi * random.uniform());
}

constexpr float nan = std::numeric_limits<float>::quiet_NaN();
constexpr float infinity = std::numeric_limits<float>::infinity();

/// x and y of the position, both inverse scales, rotation, first channel.
constexpr float degenerate[][6] = {
    {0.5F, 0.5F, 0.0F, 0.2F, 0.1F, 0.5F},      {0.5F, 0.5F, 0.0F, 0.0F, 0.1F, 0.5F},
    {nan, 0.5F, 0.2F, 0.2F, 0.1F, 0.5F},       {0.5F, infinity, 0.2F, 0.2F, 0.1F, 0.5F},
    {0.5F, 0.5F, nan, 0.2F, 0.1F, 0.5F},       {0.5F, 0.5F, 0.2F, infinity, 0.1F, 0.5F},
    {0.5F, 0.5F, 0.2F, 0.2F, nan, 0.5F},       {0.5F, 0.5F, 0.2F, 0.2F, -infinity, 0.5F},
    {0.5F, 0.5F, 1e30F, 0.2F, 0.1F, 0.5F},     {0.5F, 0.5F, 1e30F, 1e30F, 0.1F, 0.5F},
    {0.5F, 0.5F, 1e-30F, 1e-30F, 0.1F, 0.5F},  {1e38F, -1e38F, 0.2F, 0.2F, 0.1F, 0.5F},
    {0.5F, 0.5F, 0.2F, 0.2F, 0.1F, nan},       {0.5F, 0.5F, 0.2F, 0.2F, 0.1F, infinity},
    {-infinity, nan, nan, infinity, nan, nan},
};

}  // namespace

const std::vector<Blending>& blendings() {
    static const std::vector<Blending> all{{.blend = Blend::norm},
                                           {.blend = Blend::sum},
                                           {.blend = Blend::topk_norm},
                                           {.blend = Blend::norm, .support = gsfit::Support::tile16},
                                           {.blend = Blend::topk_norm, .support = gsfit::Support::tile16}};
    return all;
}

std::string name_of(const Blending& blending) {
    return std::string(gsfit::name_of(blending.blend)) + (blending.support == gsfit::Support::tile16 ? "_tile16" : "");
}

gsfit::Field random_field(std::int64_t size, int channels, std::int64_t width, std::int64_t height,
                          std::uint64_t seed) {
    gsfit::Field field{
        at::empty({size, 2}), at::empty({size, 2}), at::empty({size, 1}), at::empty({size, channels}), width, height};
    Random random(seed);
    const double pitch = std::sqrt(static_cast<double>(width * height) / static_cast<double>(size));
    for (std::int64_t i = 0; i < size; ++i) {
        for (int k = 0; k < 2; ++k) {
            field.position.data_ptr<float>()[2 * i + k] = static_cast<float>(random.uniform());
            const double sigma = std::max(0.3, 0.6 * pitch * std::exp(0.5 * normal(random)));
            field.inv_scale.data_ptr<float>()[2 * i + k] = static_cast<float>(1 / sigma);
        }
        field.rotation.data_ptr<float>()[i] = static_cast<float>(std::numbers::pi * (2 * random.uniform() - 1));
        for (int c = 0; c < channels; ++c) {
            field.feature.data_ptr<float>()[channels * i + c] = static_cast<float>(0.5 + 0.3 * normal(random));
        }
    }
    return field;
}

void reshape(gsfit::Field& field, std::int64_t i, const Shape& shape) {
    field.position.data_ptr<float>()[2 * i] = static_cast<float>(shape.x / static_cast<double>(field.raster_width));
    field.position.data_ptr<float>()[2 * i + 1] =
        static_cast<float>(shape.y / static_cast<double>(field.raster_height));
    field.inv_scale.data_ptr<float>()[2 * i] = static_cast<float>(1 / shape.sigma_x);
    field.inv_scale.data_ptr<float>()[2 * i + 1] = static_cast<float>(1 / shape.sigma_y);
    field.rotation.data_ptr<float>()[i] = static_cast<float>(shape.angle);
}

gsfit::Field awkward_field(std::int64_t size, int channels, std::int64_t width, std::int64_t height,
                           std::uint64_t seed) {
    const auto w = static_cast<double>(width);
    const auto h = static_cast<double>(height);
    const Shape shapes[] = {
        {0, 0, 3, 5, 0.3},
        {w, h, 4, 2, 1},
        {w, h / 2, 6, 2, 0.2},
        {64, 32, 5, 3, -0.7},
        {64, 64, 2, 9, 0.4},
        {-0.03 * w, h / 3, 0.04 * w, 3, 0},
        {w / 2, 1.04 * h, 4, 5, 2},
        {-200, -300, 5, 5, 0},
        {w / 3, h / 4, 500, 400, 1},
        {w / 2, h / 2, 500, 3, 0.6},
        {w / 4, h / 2, 0.3, 0.3, 0},
        {w / 4 + 0.26, h / 5 + 0.31, 0.05, 0.05, 0.5},
        {std::floor(w / 2) + 0.5, std::floor(h / 2) + 0.5, 0.05, 0.05, 0},
        {w / 2, h / 2, 0.05, 4, 0},
        {w / 3, h / 2, 6, 0.05, 0},
    };
    gsfit::Field field = random_field(size, channels, width, height, seed);
    std::int64_t i = 0;
    for (const Shape& shape : shapes) reshape(field, i++, shape);
    return field;
}

gsfit::Field degenerate_field(std::int64_t size, int channels, std::int64_t width, std::int64_t height,
                              std::uint64_t seed) {
    gsfit::Field field = random_field(size, channels, width, height, seed);
    std::int64_t i = 0;
    for (const auto& values : degenerate) {
        for (int k = 0; k < 2; ++k) {
            field.position.data_ptr<float>()[2 * i + k] = values[k];
            field.inv_scale.data_ptr<float>()[2 * i + k] = values[2 + k];
        }
        field.rotation.data_ptr<float>()[i] = values[4];
        field.feature.data_ptr<float>()[channels * i] = values[5];
        ++i;
    }
    return field;
}

gsfit::Field decided_field(std::int64_t size, int channels, const Lattice& lattice, const Blending& blending,
                           std::uint64_t seed) {
    constexpr double margin = 1e-4;  // as much as a walk down a column may err by
    for (;; ++seed) {
        gsfit::Field field = random_field(size, channels, lattice.raster_width, lattice.raster_height, seed);
        const auto tied = nearly_tied(project(to_double(field), lattice), lattice, blending, margin);
        if (std::none_of(tied.begin(), tied.end(), [](bool near) { return near; })) return field;
    }
}

std::int64_t degenerate_count() { return std::size(degenerate); }

Target::Target(std::int64_t width, std::int64_t height, int channels, int bits, std::uint64_t seed) {
    constexpr std::size_t padding = 6;
    const std::size_t row_bytes = static_cast<std::size_t>(width * channels * bits / 8) + padding;
    bytes_.resize(row_bytes * static_cast<std::size_t>(height));
    Random random(seed);
    for (auto& byte : bytes_) byte = static_cast<std::byte>(random.below(256));
    view_ = {bytes_.data(), width, height, channels, bits, row_bytes};
}

void Target::keep_away(const std::vector<double>& image, const Lattice& lattice) {
    const std::size_t value_bytes = view_.bits / 8;
    for (std::int64_t sample = 0; sample < lattice.samples(); ++sample) {
        const std::int64_t x = lattice.x + sample % lattice.width * lattice.stride;
        const std::int64_t y = lattice.y + sample / lattice.width * lattice.stride;
        for (int c = 0; c < view_.channels; ++c) {
            const double error = image[c * lattice.samples() + sample] - view_.value(x, y, c);
            // Of a native number's bytes the last is the highest: its lowest bit moves the value by 1/255 or 1/256.
            std::byte& highest = bytes_[view_.pixel(x, y) - bytes_.data() + (c + 1) * value_bytes - 1];
            if (std::abs(error) < 1e-3) highest ^= std::byte{1};
        }
    }
}

at::Tensor random_tensor(const std::vector<std::int64_t>& shape, std::uint64_t seed) {
    at::Tensor tensor = at::empty(shape);
    Random random(seed);
    for (std::int64_t i = 0; i < tensor.numel(); ++i) tensor.data_ptr<float>()[i] = static_cast<float>(normal(random));
    return tensor;
}

}  // namespace gsfit::reference
