#include "gsfit/core/stored.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace gsfit {
namespace {

template <class Value>
void expect_all_values_come_back() {
    constexpr int most = std::numeric_limits<Value>::max();
    for (int value = 0; value <= most; ++value) {
        const float sample = static_cast<float>(value) / most;
        ASSERT_EQ(stored<Value>(sample), value);
        ASSERT_EQ(stored<Value>(sample + 0.49F / most), value);
        ASSERT_EQ(stored<Value>(sample - 0.49F / most), value);
    }
    EXPECT_EQ(stored<Value>(0.5F), most / 2 + 1);
    EXPECT_EQ(stored<Value>(-3), 0);
    EXPECT_EQ(stored<Value>(3), most);
    EXPECT_EQ(stored<Value>(std::numeric_limits<float>::infinity()), most);
    EXPECT_EQ(stored<Value>(std::numeric_limits<float>::quiet_NaN()), 0);
}

TEST(Stored, IntegersAreTheNearest) {
    expect_all_values_come_back<std::uint8_t>();
    expect_all_values_come_back<std::uint16_t>();
}

TEST(Stored, FloatsAreAsTheyAre) { EXPECT_EQ(stored<float>(-3.5F), -3.5F); }

}  // namespace
}  // namespace gsfit
