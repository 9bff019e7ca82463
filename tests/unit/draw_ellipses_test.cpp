#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numbers>

#include "gsfit/draw/ellipses.h"

namespace gsfit {
namespace {

constexpr double pi = std::numbers::pi;

struct Gaussian {
    float x, y;              // [0,1]
    float sigma_a, sigma_b;  // [pixels of the raster]
    float rotation;
    float red, green, blue;
};

Field field_of(const std::vector<Gaussian>& gaussians, std::int64_t width, std::int64_t height) {
    std::vector<float> position, inv_scale, rotation, feature;
    for (const Gaussian& g : gaussians) {
        position.insert(position.end(), {g.x, g.y});
        inv_scale.insert(inv_scale.end(), {1 / g.sigma_a, 1 / g.sigma_b});
        rotation.push_back(g.rotation);
        feature.insert(feature.end(), {g.red, g.green, g.blue});
    }
    const auto count = static_cast<std::int64_t>(gaussians.size());
    return {at::tensor(position).view({count, 2}),
            at::tensor(inv_scale).view({count, 2}),
            at::tensor(rotation).view({count, 1}),
            at::tensor(feature).view({count, 3}),
            width,
            height};
}

bool is_red(const Picture& picture, double x, double y) {
    const std::uint8_t* pixel =
        picture.pixel(static_cast<std::int64_t>(std::floor(x)), static_cast<std::int64_t>(std::floor(y)));
    return pixel[0] > 2 * (pixel[1] + 1) && pixel[0] > 60;
}

TEST(Ellipses, OutlineLiesAtOneSigma) {
    const double rotation = 0.6;
    const Picture picture =
        ellipses_picture(field_of({{0.45F, 0.55F, 80, 20, static_cast<float>(rotation), 1, 0, 0}}, 400, 300), 400, 300);
    for (double angle = 0; angle < 2 * pi; angle += pi / 12) {
        const double a = 80 * std::cos(angle);
        const double b = 20 * std::sin(angle);
        const double dx = a * std::cos(rotation) - b * std::sin(rotation);  // R (a, b), y downwards
        const double dy = a * std::sin(rotation) + b * std::cos(rotation);
        const double size = std::hypot(dx, dy);
        EXPECT_TRUE(is_red(picture, 180 + dx * (1 - 2 / size), 165 + dy * (1 - 2 / size))) << angle;
        EXPECT_FALSE(is_red(picture, 180 + dx * (1 + 3 / size), 165 + dy * (1 + 3 / size))) << angle;
    }
}

TEST(Ellipses, ScaleWithThePicture) {
    const Picture picture = ellipses_picture(field_of({{0.5F, 0.5F, 80, 80, 0, 1, 0, 0}}, 400, 400), 100, 100);
    EXPECT_TRUE(is_red(picture, 50 + 18, 50));
    EXPECT_FALSE(is_red(picture, 50 + 22, 50));
}

TEST(Ellipses, SmallOnesLieAbove) {
    const Picture picture = ellipses_picture(
        field_of({{0.5F, 0.5F, 2, 2, 0, 1, 0, 0}, {0.5F, 0.5F, 40, 40, 0, 0, 0, 1}}, 100, 100), 100, 100);
    EXPECT_TRUE(is_red(picture, 50, 50));
    EXPECT_GT(picture.pixel(60, 50)[2], 200);
}

TEST(Ellipses, DegenerateOnesAreLeftOut) {
    const float infinite = std::numeric_limits<float>::infinity();
    const float nan = std::numeric_limits<float>::quiet_NaN();
    const Picture picture = ellipses_picture(field_of({{nan, 0.5F, 9, 9, 0, 1, 0, 0},
                                                       {0.5F, 0.5F, infinite, 9, 0, 1, 0, 0},
                                                       {0.5F, 0.5F, 9, 9, nan, 1, 0, 0},
                                                       {0.5F, 0.5F, 9, 9, 0, nan, 0, 0},
                                                       {9, 9, 9, 9, 0, 1, 0, 0}},
                                                      50, 50),
                                             50, 50);
    EXPECT_EQ(std::count(picture.rgb.begin(), picture.rgb.end(), picture.rgb[0]), 50 * 50 * 3);
}

TEST(Ellipses, AreSeamlessBetweenBandsAndFillAPixel) {
    const Picture large = ellipses_picture(field_of({{0.5F, 0.5F, 400, 400, 0, 1, 0, 0}}, 200, 200), 200, 200);
    for (std::int64_t y = 0; y < 200; ++y) EXPECT_TRUE(is_red(large, 100, static_cast<double>(y))) << y;
    EXPECT_TRUE(is_red(ellipses_picture(field_of({{0.5F, 0.5F, 400, 400, 0, 1, 0, 0}}, 200, 200), 1, 1), 0, 0));
}

TEST(Ellipses, OfOneChannelAreGrey) {
    Field field = field_of({{0.5F, 0.5F, 10, 10, 0, 0.5F, 0, 0}}, 20, 20);
    field.feature = at::tensor(std::vector<float>{0.5F}).view({1, 1});
    const Picture picture = ellipses_picture(field, 20, 20);
    const std::uint8_t* pixel = picture.pixel(10, 10);
    EXPECT_NEAR(pixel[0], 128, 1);
    EXPECT_EQ(pixel[0], pixel[1]);
    EXPECT_EQ(pixel[1], pixel[2]);
}

}  // namespace
}  // namespace gsfit
