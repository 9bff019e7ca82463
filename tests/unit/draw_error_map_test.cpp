#include "gsfit/draw/error_map.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace gsfit {
namespace {

double luminance(const std::array<std::uint8_t, 3>& color) {
    return 0.2126 * color[0] + 0.7152 * color[1] + 0.0722 * color[2];
}

TEST(ErrorMap, GrowsBrighterWithTheError) {
    EXPECT_EQ(error_color(0), (std::array<std::uint8_t, 3>{0, 0, 0}));
    EXPECT_EQ(error_color(-1), error_color(0));
    EXPECT_EQ(error_color(2), error_color(1));
    EXPECT_GT(luminance(error_color(1)), 225);
    for (int i = 2; i < 64; ++i) {  // the first two are black in 8 bit
        EXPECT_LT(luminance(error_color(i / 64.0)), luminance(error_color((i + 1) / 64.0))) << i;
    }
}

TEST(ErrorMap, IsOfTheMeanAbsoluteDifference) {
    Picture first(3, 1, 100);
    Picture second = first;
    second.pixel(1, 0)[0] = 106;  // 6, 0 and 18: 8 levels
    second.pixel(1, 0)[2] = 82;
    for (int c = 0; c < 3; ++c) second.pixel(2, 0)[c] = 200;
    const Picture map = error_map(first, second);
    const auto color = [&](std::int64_t x) {
        return std::array<std::uint8_t, 3>{map.pixel(x, 0)[0], map.pixel(x, 0)[1], map.pixel(x, 0)[2]};
    };
    EXPECT_EQ(color(0), error_color(0));
    EXPECT_EQ(color(1), error_color(0.5));
    EXPECT_EQ(color(2), error_color(1));
    EXPECT_THROW(error_map(first, Picture(1, 3)), std::invalid_argument);
}

std::array<std::uint8_t, 3> color_at(const Picture& picture, std::int64_t x, std::int64_t y) {
    const std::uint8_t* pixel = picture.pixel(x, y);
    return {pixel[0], pixel[1], pixel[2]};
}

TEST(ErrorMap, ItsLegendLiesBelowAndHoldsEveryColour) {
    for (const std::int64_t width : {64, 512, 3840}) {
        const Picture map = error_map(Picture(width, 40, 9), Picture(width, 40, 9));
        const Picture shown = with_error_legend(map);
        EXPECT_EQ(shown.width, width);
        ASSERT_GT(shown.height, 40);
        EXPECT_TRUE(std::equal(map.rgb.begin(), map.rgb.end(), shown.rgb.begin())) << width;
        bool brightest = false;
        for (std::int64_t y = 40; y < shown.height; ++y) {
            for (std::int64_t x = 0; x < width; ++x) brightest |= color_at(shown, x, y) == error_color(1);
        }
        EXPECT_TRUE(brightest) << width;
    }
}

}  // namespace
}  // namespace gsfit
