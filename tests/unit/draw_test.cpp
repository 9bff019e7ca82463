#include <gtest/gtest.h>

#include <algorithm>

#include "gsfit/draw.h"

namespace gsfit {
namespace {

/// Sum over the pixels of a rectangle.
std::int64_t ink(const Picture& picture, std::int64_t x, std::int64_t y, std::int64_t width, std::int64_t height) {
    std::int64_t sum = 0;
    for (std::int64_t row = y; row < y + height; ++row) {
        for (std::int64_t column = x; column < x + width; ++column) sum += picture.pixel(column, row)[0];
    }
    return sum;
}

TEST(DrawText, StandsOnItsBaseline) {
    Picture picture(100, 60);
    draw_text(picture, 10, 40, "H", {.size = 30});
    EXPECT_GT(ink(picture, 10, 18, 25, 22), 20000);
    EXPECT_EQ(ink(picture, 0, 41, 100, 19), 0);
    EXPECT_EQ(ink(picture, 0, 0, 100, 16), 0);
    EXPECT_EQ(ink(picture, 0, 0, 9, 60), 0);
}

TEST(DrawText, GrowsWithItsSize) {
    EXPECT_NEAR(text_width("Gaussians", 40), 2 * text_width("Gaussians", 20), 0.1);
    EXPECT_GT(text_width("WW", 20), 1.9 * text_width("W", 20));
    EXPECT_EQ(text_width("", 20), 0);
}

TEST(DrawText, HasItsColorAndLeavesTheRest) {
    Picture picture(60, 60, 100);
    draw_text(picture, 5, 50, "\u2588", {.size = 40, .color = {200, 0, 50}});
    const std::uint8_t* inside = picture.pixel(20, 35);
    EXPECT_EQ(inside[0], 200);
    EXPECT_EQ(inside[1], 0);
    EXPECT_EQ(inside[2], 50);
    EXPECT_EQ(picture.pixel(59, 59)[0], 100);
}

TEST(DrawText, IsCutOffAtThePicturesEdges) {
    Picture picture(3, 2);
    draw_text(picture, -20, 20, "WWWW", {.size = 60});
    draw_text(picture, 1000, 1000, "W", {.size = 60});
    EXPECT_EQ(picture.rgb.size(), 18U);
    EXPECT_GT(ink(picture, 0, 0, 3, 2), 0);
}

TEST(DrawText, KnowsTheSignsThatLabelsUse) {
    for (const char* sign : {"\u00b7", "\u03c3", "\u00d7", "\u2013"}) {
        Picture picture(40, 40);
        Picture unknown(40, 40);
        draw_text(picture, 5, 30, sign, {.size = 30});
        draw_text(unknown, 5, 30, "\U000e0fff", {.size = 30});
        EXPECT_GT(ink(picture, 0, 0, 40, 40), 0) << sign;
        EXPECT_NE(picture.rgb, unknown.rgb) << sign;
    }
}

}  // namespace
}  // namespace gsfit
