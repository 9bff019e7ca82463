#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "gsfit/core/random.h"

namespace gsfit {
namespace {

/// The reference implementation's first numbers from the state {1, 2, 3, 4}.
TEST(Random, IsXoshiro256PlusPlus) {
    Random random(Random::State{1, 2, 3, 4});
    constexpr std::array<std::uint64_t, 5> expected{41943041, 58720359, 3588806011781223, 3591011842654386,
                                                    9228616714210784205U};
    for (const std::uint64_t word : expected) EXPECT_EQ(random.bits(), word);
}

TEST(Random, GoesOnFromItsState) {
    Random random(7);
    random.bits();
    Random other(random.state());
    for (int i = 0; i < 100; ++i) EXPECT_EQ(random.bits(), other.bits());
}

TEST(Random, DrawsFromTheWholeRangeEvenly) {
    Random random(1);
    std::array<int, 6> counts{};
    constexpr int draws = 60000;
    for (int i = 0; i < draws; ++i) ++counts.at(static_cast<std::size_t>(random.below(6)));
    for (const int count : counts) EXPECT_NEAR(count, draws / 6, 500);  // five standard deviations
    double least = 1;
    double most = 0;
    double sum = 0;
    for (int i = 0; i < draws; ++i) {
        const double u = random.uniform();
        least = std::min(least, u);
        most = std::max(most, u);
        sum += u;
    }
    EXPECT_GE(least, 0);
    EXPECT_LT(least, 1e-3);
    EXPECT_LT(most, 1);
    EXPECT_GT(most, 0.999);
    EXPECT_NEAR(sum / draws, 0.5, 0.01);
}

}  // namespace
}  // namespace gsfit
