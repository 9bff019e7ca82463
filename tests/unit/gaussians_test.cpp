#include "gsfit/gaussians.h"

#include <ATen/ops/arange.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "gsfit/core/error.h"
#include "gsfit/core/parallel.h"
#include "reference/compare.h"
#include "reference/scenes.h"

namespace gsfit {
namespace {

/// A grey image of 8 bit whose pixels a function gives.
class Picture {
public:
    template <class Value>
    Picture(std::int64_t width, std::int64_t height, const Value& value) : width_(width), height_(height) {
        for (std::int64_t y = 0; y < height; ++y) {
            for (std::int64_t x = 0; x < width; ++x) pixels_.push_back(static_cast<std::uint8_t>(value(x, y)));
        }
    }
    [[nodiscard]] PackedView view() const {
        return {reinterpret_cast<const std::byte*>(pixels_.data()),
                width_,
                height_,
                1,
                8,
                static_cast<std::size_t>(width_)};
    }

private:
    std::int64_t width_;
    std::int64_t height_;
    std::vector<std::uint8_t> pixels_;
};

TEST(GaussiansAt, SitOnTheirPixelInItsColour) {
    const reference::Target target(20, 10, 3, 16, 5);
    const Field field = gaussians_at(target.view(), {{0, 0, 2}, {19, 9, 3}, {7, 4, 1}}, 4);
    EXPECT_EQ(field.raster_width, 20);
    EXPECT_EQ(field.raster_height, 10);
    EXPECT_FLOAT_EQ(field.position[1][0].item<float>(), 19.5F / 20);
    EXPECT_FLOAT_EQ(field.position[1][1].item<float>(), 9.5F / 10);
    for (int c = 0; c < 3; ++c) EXPECT_FLOAT_EQ(field.feature[2][c].item<float>(), target.view().value(7, 4, c));
}

TEST(GaussiansAt, AreRoundWhereTheImageIsFlat) {
    const Picture flat(30, 30, [](auto, auto) { return 100; });
    const Field field = gaussians_at(flat.view(), {{15, 15, 2}}, 4);
    EXPECT_FLOAT_EQ(field.inv_scale[0][0].item<float>(), 0.5F);
    EXPECT_FLOAT_EQ(field.inv_scale[0][1].item<float>(), 0.5F);
}

/// On a clean edge the coherence is nearly 1: sigma is exp(-0.6) times as long across, exp(0.6) times along.
TEST(GaussiansAt, LieAlongEdges) {
    for (const double angle : {0.0, 0.5, 1.0, 1.5}) {
        SCOPED_TRACE(angle);
        const Picture edge(40, 40, [&](auto x, auto y) {
            const double across =
                std::cos(angle) * static_cast<double>(x - 20) + std::sin(angle) * static_cast<double>(y - 20);
            return std::clamp(128 + 40 * across, 0.0, 255.0);
        });
        const Field field = gaussians_at(edge.view(), {{20, 20, 2}}, 4);
        const double turned = field.rotation[0].item<float>() - angle;
        EXPECT_NEAR(std::sin(turned), 0, 0.05) << "the first axis is across the edge";
        EXPECT_NEAR(1 / field.inv_scale[0][0].item<float>(), 2 * std::exp(-0.6), 0.02);
        EXPECT_NEAR(1 / field.inv_scale[0][1].item<float>(), 2 * std::exp(0.6), 0.06);
    }
}

TEST(InitialField, StartsAsOftenAsAsked) {
    const reference::Target target(60, 40, 3, 8, 6);
    for (const std::int64_t count : {1, 17, 2400}) {
        Random random(7);
        const Field field = initial_field(target.view(), {.count = count}, random);
        EXPECT_EQ(field.size(), count);
        EXPECT_TRUE(field.position.isfinite().all().item<bool>());
        EXPECT_TRUE(field.inv_scale.isfinite().all().item<bool>());
        EXPECT_TRUE(morton_order(field.position).equal(at::arange(count))) << "not in Morton order";
    }
}

std::int64_t in_right_half(const Field& field) {
    return field.position.slice(1, 0, 1).gt(0.5).sum().item<std::int64_t>();
}

TEST(InitialField, PrefersStructure) {
    const Picture half(100, 100, [](auto x, auto y) { return x < 50 ? 90 : 90 + 60 * ((x / 3 + y / 3) % 2); });
    const auto start = [&](float random_ratio) {
        Random random(8);
        return in_right_half(initial_field(half.view(), {.count = 1000, .random_ratio = random_ratio}, random));
    };
    EXPECT_GT(start(0), 980);  // the border of the flat half has structure too
    EXPECT_NEAR(static_cast<double>(start(1)), 500, 80);
    EXPECT_NEAR(static_cast<double>(start(0.4F)), 800, 60);
}

/// All Gaussians start beside the edge at 60 of a 100 x 100 picture of 16 bit.
void expect_start_on_edge(const std::vector<std::uint16_t>& values, bool upright, std::int64_t stride) {
    const PackedView view{reinterpret_cast<const std::byte*>(values.data()), 100, 100, 1, 16, 200};
    Random random(8);
    const Field field = initial_field(view, {.count = 80, .random_ratio = 0, .stride = stride}, random);
    const at::Tensor distance = field.position.select(1, upright ? 0 : 1).mul(100).sub(60).abs();
    EXPECT_LT(distance.max().item<float>(), static_cast<float>(stride));
}

TEST(InitialField, FindsEdgesUprightAndLevel) {
    std::vector<std::uint16_t> upright(10000);
    std::vector<std::uint16_t> level(10000);
    for (std::size_t i = 0; i < upright.size(); ++i) {
        upright[i] = i % 100 < 60 ? 0x1200 : 0x5000;
        level[i] = i / 100 < 60 ? 0x1200 : 0x5000;
    }
    for (const std::int64_t stride : {1, 2}) {
        expect_start_on_edge(upright, true, stride);
        expect_start_on_edge(level, false, stride);
    }
}

/// Stripes that boxes of 2 x 2 pixels average out.
TEST(InitialField, LooksAtTheMeansOfBoxes) {
    std::vector<std::uint16_t> values(10000);
    for (std::size_t i = 0; i < values.size(); ++i) {
        const std::size_t y = i / 100;
        const int stripe = (y % 4 == 0 || y % 4 == 3) ? 0x4000 : -0x4000;
        values[i] = static_cast<std::uint16_t>((i % 100 < 60 ? 0x6000 : 0x7000) + stripe);
    }
    expect_start_on_edge(values, true, 2);
}

TEST(InitialField, SigmaIsHalfTheSpacing) {
    const Picture flat(200, 200, [](auto, auto) { return 100; });
    Random random(9);
    const Field field = initial_field(flat.view(), {.count = 400, .random_ratio = 1}, random);
    EXPECT_NEAR(field.inv_scale.reciprocal().mean().item<float>(), 5, 0.7);
}

TEST(InitialField, IsDecidedByTheSeedAlone) {
    const reference::Target target(120, 90, 3, 8, 10);
    const auto start = [&](std::uint64_t seed, int threads) {
        set_threads(threads);
        Random random(seed);
        return initial_field(target.view(), {.count = 500, .stride = 2, .pitch = 5}, random);
    };
    const Field field = start(1, 1);
    for (const int threads : {1, 2, 7}) {
        const Field same = start(1, threads);
        EXPECT_TRUE(reference::identical(same.position, field.position));
        EXPECT_TRUE(reference::identical(same.inv_scale, field.inv_scale));
        EXPECT_TRUE(reference::identical(same.rotation, field.rotation));
        EXPECT_TRUE(reference::identical(same.feature, field.feature));
    }
    EXPECT_FALSE(reference::identical(start(2, 1).position, field.position));
}

TEST(InitialField, TakesTheSmallestImages) {
    for (const auto& [width, height] : {std::pair{1, 1}, {1, 50}, {50, 1}, {3, 2}}) {
        SCOPED_TRACE(testing::Message() << width << " x " << height);
        const reference::Target target(width, height, 1, 8, 11);
        Random random(12);
        const Field field = initial_field(target.view(), {.count = 1, .stride = 4}, random);
        EXPECT_EQ(field.size(), 1);
        EXPECT_TRUE(field.inv_scale.isfinite().all().item<bool>());
    }
}

TEST(InitialField, RefusesMoreGaussiansThanPixels) {
    const reference::Target target(6, 4, 1, 8, 13);
    Random random(14);
    EXPECT_THROW(initial_field(target.view(), {.count = 25}, random), Error);
    EXPECT_THROW(initial_field(target.view(), {.count = 0}, random), Error);
}

TEST(MortonOrder, GoesQuarterByQuarter) {
    const Field field = reference::random_field(200, 1, 64, 64, 15);
    const Field sorted = select(field, morton_order(field.position));
    const auto position = reference::to_double(sorted.position);
    const auto quarter = [&](std::int64_t i) {
        return (position[2 * i] > 0.5 ? 1 : 0) + (position[2 * i + 1] > 0.5 ? 2 : 0);
    };
    for (std::int64_t i = 1; i < 200; ++i) EXPECT_LE(quarter(i - 1), quarter(i));
}

TEST(MortonOrder, TakesPositionsOutsideTheImage) {
    const Field field = reference::degenerate_field(40, 1, 64, 64, 16);
    const auto order = morton_order(field.position);
    const auto* indices = order.const_data_ptr<std::int64_t>();
    EXPECT_EQ(std::set(indices, indices + 40).size(), 40U);
}

TEST(Concatenate, KeepsBothAndTheFirstRaster) {
    const Field a = reference::random_field(3, 2, 64, 48, 17);
    const Field b = reference::random_field(4, 2, 10, 10, 18);
    const Field both = concatenate(a, b);
    EXPECT_EQ(both.size(), 7);
    EXPECT_EQ(both.raster_width, 64);
    EXPECT_TRUE(reference::identical(both.inv_scale.slice(0, 0, 3), a.inv_scale));
    EXPECT_TRUE(reference::identical(both.feature.slice(0, 3), b.feature));
}

}  // namespace
}  // namespace gsfit
