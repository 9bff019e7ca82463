// Halves on the host: every one of them, and every boundary between two.

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "cuda/simt.h"

namespace simt_test {
namespace {

constexpr unsigned infinity = 0x7c00;

/// What the bits of a half mean: sign, 5 bits of exponent, 10 of fraction.
double value_of(unsigned half) {
    const double sign = half & 0x8000 ? -1 : 1;
    const int exponent = static_cast<int>(half >> 10 & 31);
    const int fraction = static_cast<int>(half & 0x3ff);
    if (exponent == 31) return fraction == 0 ? sign * HUGE_VAL : std::nan("");
    if (exponent == 0) return sign * std::ldexp(fraction, -24);
    return sign * std::ldexp(1024 + fraction, exponent - 25);
}

float load(unsigned half) {
    const auto bits = static_cast<std::uint16_t>(half);
    return simt::load_half(&bits);
}

unsigned store(float value) {
    std::uint16_t half = 0;
    simt::store_half(value, &half);
    return half;
}

TEST(Half, IsLoadedExactlyAndStoredAsItWas) {
    for (unsigned half = 0; half < 0x10000; ++half) {
        const double value = value_of(half);
        if (std::isnan(value)) {
            EXPECT_TRUE(std::isnan(load(half))) << half;
            EXPECT_TRUE(std::isnan(value_of(store(load(half))))) << half;
        } else {
            EXPECT_EQ(load(half), value) << half;
            EXPECT_EQ(std::signbit(load(half)), half >= 0x8000) << half;
            EXPECT_EQ(store(load(half)), half);
        }
    }
}

TEST(Half, IsTheNearestAndEvenInTheMiddle) {
    for (unsigned below = 0; below + 1 < infinity; ++below) {
        const auto middle = static_cast<float>((value_of(below) + value_of(below + 1)) / 2);
        EXPECT_EQ(store(std::nextafter(middle, 0.F)), below);
        EXPECT_EQ(store(middle), below % 2 == 0 ? below : below + 1);
        EXPECT_EQ(store(std::nextafter(middle, 1e9F)), below + 1);
        EXPECT_EQ(store(-middle), store(middle) | 0x8000);
    }
}

TEST(Half, OverflowsToInfinity) {
    const float middle = 65520;  // of the largest half and the one that would follow it
    EXPECT_EQ(store(std::nextafter(middle, 0.F)), infinity - 1);
    for (const float value : {middle, 65536.F, 1e30F, std::numeric_limits<float>::infinity()}) {
        EXPECT_EQ(store(value), infinity);
        EXPECT_EQ(store(-value), infinity | 0x8000);
    }
}

TEST(Half, UnderflowsToZeroOfTheSameSign) {
    EXPECT_EQ(store(std::numeric_limits<float>::denorm_min()), 0U);
    EXPECT_EQ(store(-0.F), 0x8000U);
    EXPECT_EQ(store(-1e-30F), 0x8000U);
}

}  // namespace
}  // namespace simt_test
