#include "gsfit/gaussians/sampling.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>

#include "gsfit/core/error.h"
#include "gsfit/core/parallel.h"
#include "gsfit/core/random.h"

namespace gsfit {
namespace {

std::vector<std::int64_t> draw(const std::vector<float>& weights, std::int64_t count, std::uint64_t seed) {
    WeightedSampler sampler(count, seed);
    sampler.add(0, weights);
    return sampler.take();
}

std::vector<std::int64_t> first_indices(std::int64_t count) {
    std::vector<std::int64_t> indices(static_cast<std::size_t>(count));
    std::iota(indices.begin(), indices.end(), 0);
    return indices;
}

using Set = unsigned;  // bit i: index i is in it

/// Probability of every set of `count` indices to be what successive draws without replacement take.
std::vector<double> probability_of_sets(const std::vector<float>& weights, int count) {
    std::vector<double> probability(std::size_t{1} << weights.size());
    probability[0] = 1;
    for (Set set = 0; set < probability.size(); ++set) {
        if (std::popcount(set) >= count) continue;
        double left = 0;
        for (std::size_t i = 0; i < weights.size(); ++i) left += (set >> i & 1U) != 0 ? 0 : weights[i];
        for (std::size_t i = 0; i < weights.size(); ++i) {
            if ((set >> i & 1U) == 0) probability[set | 1U << i] += probability[set] * weights[i] / left;
        }
    }
    for (Set set = 0; set < probability.size(); ++set) {
        if (std::popcount(set) != count) probability[set] = 0;
    }
    return probability;
}

TEST(WeightedSampler, IsAsSuccessiveDraws) {
    const std::vector<float> weights{1, 2, 0.5F, 6, 3, 3};
    constexpr int runs = 40000;
    for (int count = 1; count < 6; ++count) {
        SCOPED_TRACE(count);
        std::vector<int> seen(std::size_t{1} << weights.size());
        for (int seed = 0; seed < runs; ++seed) {
            Set set = 0;
            for (const std::int64_t index : draw(weights, count, static_cast<std::uint64_t>(seed))) set |= 1U << index;
            ++seen[set];
        }
        const auto probability = probability_of_sets(weights, count);
        for (Set set = 0; set < seen.size(); ++set) {
            const double mean = runs * probability[set];
            EXPECT_NEAR(seen[set], mean, 4.5 * std::sqrt(mean * (1 - probability[set]))) << "set " << set;
        }
    }
}

TEST(WeightedSampler, TakesEveryIndexWhenAllAreAskedFor) {
    for (const std::int64_t size : {1, 100, 30000}) {
        EXPECT_EQ(draw(std::vector<float>(static_cast<std::size_t>(size), 2.0F), size, 1), first_indices(size));
    }
}

TEST(WeightedSampler, DrawsDifferentIndicesInAscendingOrder) {
    const auto drawn = draw(std::vector<float>(20000, 1.0F), 7000, 2);
    EXPECT_EQ(drawn.size(), 7000U);
    EXPECT_TRUE(std::adjacent_find(drawn.begin(), drawn.end(), std::greater_equal<>()) == drawn.end());
    EXPECT_GE(drawn.front(), 0);
    EXPECT_LT(drawn.back(), 20000);
}

/// Weights that count as none, as often as each other, and only when the others are drawn.
TEST(WeightedSampler, DrawsLastWhatHasNoWeight) {
    constexpr float infinite = std::numeric_limits<float>::infinity();
    const std::vector<float> weights{0, 1e-30F, -1, infinite, 5, std::nanf(""), 1e-40F, -infinite};
    std::vector<int> seen(weights.size());
    for (std::uint64_t seed = 0; seed < 6000; ++seed) {
        for (const std::int64_t index : draw(weights, 3, seed)) ++seen[static_cast<std::size_t>(index)];
    }
    EXPECT_EQ(seen[1], 6000);
    EXPECT_EQ(seen[4], 6000);
    for (const std::size_t none : {0, 2, 3, 5, 6, 7}) EXPECT_NEAR(seen[none], 1000, 130) << none;
}

/// Orders in which the threshold falls at once, late, and while many threads look at it.
TEST(WeightedSampler, TakesPiecesInAnyOrderFromAnyThread) {
    constexpr std::int64_t size = 200000;
    Random random(3);
    std::vector<float> weights;
    for (std::int64_t i = 0; i < size; ++i) weights.push_back(static_cast<float>(std::exp(12 * random.uniform())));
    const auto expected = draw(weights, 700, 4);
    for (const int count : {1, 2, 7}) {
        for (const std::int64_t piece : {100, 999, 70000}) {
            SCOPED_TRACE(testing::Message() << count << " threads, pieces of " << piece);
            set_threads(count);
            WeightedSampler sampler(700, 4);
            const std::int64_t pieces = (size + piece - 1) / piece;
            parallel_for(pieces, [&](std::int64_t i) {
                const std::int64_t first = (pieces - 1 - i) * piece;
                const std::int64_t last = std::min(size, first + piece);
                sampler.add(first, {weights.data() + first, weights.data() + last});
            });
            EXPECT_EQ(sampler.take(), expected);
        }
    }
}

/// When the last index comes the threshold is close to what it ends at for some counts and orders, and far for others.
TEST(WeightedSampler, LosesNothingOnTheWay) {
    constexpr std::int64_t size = 100000;
    std::vector<float> weights(size);
    for (std::size_t i = 0; i < weights.size(); ++i) weights[i] = static_cast<float>(1 + i % 17);
    for (std::int64_t count = 4200; count < 8000; count += 100) {
        WeightedSampler backwards(count, 5);
        for (std::int64_t i = size; i-- > 0;) backwards.add(i, {weights.data() + i, 1});
        EXPECT_EQ(backwards.take(), draw(weights, count, 5)) << count;
    }
}

TEST(WeightedSampler, FollowsTheSeed) {
    const std::vector<float> weights(1000, 1.0F);
    EXPECT_EQ(draw(weights, 100, 6), draw(weights, 100, 6));
    EXPECT_NE(draw(weights, 100, 6), draw(weights, 100, 7));
}

TEST(WeightedSampler, RefusesMoreThanThereAre) {
    EXPECT_THROW(draw(std::vector<float>(3, 1.0F), 4, 8), Error);
    EXPECT_THROW(WeightedSampler(-1, 8), Error);
}

/// The map's value is the number of its place.
void expect_neighbours(const RowTriple& rows, std::int64_t width, std::int64_t height) {
    const auto y = static_cast<std::int64_t>(rows.middle[0]) / width;
    for (std::int64_t x = -1; x <= width; ++x) {
        const auto number = [&](std::int64_t row) {
            return static_cast<float>(std::clamp<std::int64_t>(row, 0, height - 1) * width +
                                      std::clamp<std::int64_t>(x, 0, width - 1));
        };
        EXPECT_EQ(rows.above[x], number(y - 1));
        EXPECT_EQ(rows.middle[x], number(y));
        EXPECT_EQ(rows.below[x], number(y + 1));
    }
}

TEST(AddRows, ShowsEveryRowItsNeighbours) {
    for (const int count : {1, 3}) {
        set_threads(count);
        for (const auto& [width, height] : {std::pair{1, 1}, {1, 40}, {50, 1}, {3, 2}, {7, 100}}) {
            SCOPED_TRACE(testing::Message() << width << " x " << height << ", " << count << " threads");
            std::atomic<int> weighed = 0;
            const NeighbourhoodWeights weights{.width = width,
                                               .height = height,
                                               .map_row =
                                                   [&](std::int64_t y, float* row) {
                                                       ASSERT_TRUE(y >= 0 && y < height);
                                                       std::iota(row, row + width, static_cast<float>(y * width));
                                                   },
                                               .weigh_row =
                                                   [&](const RowTriple& rows, float* row) {
                                                       expect_neighbours(rows, width, height);
                                                       std::fill_n(row, width, 1.0F);
                                                       ++weighed;
                                                   }};
            WeightedSampler sampler(width * height, 9);
            const std::int64_t middle = (height + 1) / 2;
            add_rows(sampler, weights, {middle, height - middle});
            add_rows(sampler, weights, {0, middle});
            EXPECT_EQ(weighed, height);
            EXPECT_EQ(sampler.take(), first_indices(width * height));
        }
    }
}

}  // namespace
}  // namespace gsfit
