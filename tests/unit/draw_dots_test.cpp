#include "gsfit/draw/dots.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

namespace gsfit {
namespace {

constexpr std::array<std::uint8_t, 3> red{250, 20, 30};

bool is_red(const Picture& picture, std::int64_t x, std::int64_t y) {
    return std::ranges::equal(red, std::span(picture.pixel(x, y), 3));
}

TEST(Dots, LieWhereTheyAreTold) {
    Picture picture(200, 150, 120);
    draw_dots(picture, {{30.5, 64.5}, {150.5, 130.5}}, {.radius = 4, .color = red});
    for (const auto& [x, y] : {std::pair(30, 64), std::pair(150, 130)}) {
        EXPECT_TRUE(is_red(picture, x, y));
        for (double angle = 0; angle < 6.2; angle += 0.3) {
            const auto at = [&](double radius) {
                return std::pair(std::lround(x + radius * std::cos(angle)), std::lround(y + radius * std::sin(angle)));
            };
            EXPECT_TRUE(is_red(picture, at(2).first, at(2).second)) << angle;
            EXPECT_LT(picture.pixel(at(5).first, at(5).second)[0], 100) << "the rim is dark, at " << angle;
            EXPECT_EQ(picture.pixel(at(9).first, at(9).second)[0], 120) << "untouched, at " << angle;
        }
    }
}

TEST(Dots, OutsideOrNowhereAreLeftOut) {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    Picture picture(20, 20, 120);
    draw_dots(picture, {{nan, 9}, {9, nan}, {-30, 5}, {5, 1e30}, {1e300, 5}}, {.radius = 3, .color = red});
    EXPECT_EQ(std::ranges::count(picture.rgb, 120), 20 * 20 * 3);
}

TEST(DotLegend, LiesBelowThePicture) {
    const Picture picture(400, 60, 120);
    const Picture shown = with_dot_legend(picture, {{red, "12 added"}});
    EXPECT_EQ(shown.width, 400);
    ASSERT_GT(shown.height, 70);
    EXPECT_TRUE(std::equal(picture.rgb.begin(), picture.rgb.end(), shown.rgb.begin()));
    bool found = false;
    for (std::int64_t x = 0; x < 40; ++x) {
        for (std::int64_t y = 60; y < shown.height; ++y) found |= is_red(shown, x, y);
    }
    EXPECT_TRUE(found) << "the colour that the words are about";
    EXPECT_NO_THROW(with_dot_legend(Picture(5, 5), {{red, "far too many words for such a picture"}}));
}

}  // namespace
}  // namespace gsfit
