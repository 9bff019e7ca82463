// By how much an image changes with each parameter, against integrals of one Gaussian on black.

#include "codec/importance.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

namespace gsfit::codec {
namespace {

Importance of_one_gaussian(std::int64_t width, std::int64_t height) {
    Description description{.width = width, .height = height, .channels = 1, .blending = {}};
    description.blending.blend = Blend::sum;
    const Item item{.x = 1000,
                    .y = 900,
                    .major = 40,
                    .minor = 25,
                    .angle = 0.7,
                    .half_width = 180,
                    .half_height = 180,
                    .index = 0,
                    .values = {0.8}};
    return importance_of({item}, description)[0];
}

/// Of a = exp(-(u^2 + v^2) / 2), times 0.8: pi sx sy is the integral of a^2, that of a^2 u^2 half of it, and so on.
void expect_integrals(const Importance& importance) {
    const double integral = std::numbers::pi * 40 * 25;
    const double octaves = std::numbers::ln2 * std::numbers::ln2;
    EXPECT_NEAR(importance.color, integral, 1e-3 * integral);
    EXPECT_NEAR(importance.position, 0.64 * integral / 2, 1e-3 * integral);
    EXPECT_NEAR(importance.area, 0.64 * integral * 2 * octaves, 1e-3 * integral);
    EXPECT_NEAR(importance.aspect, 0.64 * integral / 4 * octaves, 1e-3 * integral);
    EXPECT_NEAR(importance.angle, 0.64 * integral / 4, 1e-3 * integral);
}

TEST(CodecImportance, IsASumOverPixels) { expect_integrals(of_one_gaussian(2000, 2000)); }

TEST(CodecImportance, IsToldByASubLatticeWhereGaussiansAreLarge) { expect_integrals(of_one_gaussian(6001, 6000)); }

}  // namespace
}  // namespace gsfit::codec
