#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <stdexcept>
#include <vector>

#include "gsfit/core/parallel.h"

namespace gsfit {
namespace {

class Parallel : public testing::TestWithParam<int> {
protected:
    void SetUp() override { set_threads(GetParam()); }
    void TearDown() override { set_threads(0); }
};

TEST_P(Parallel, CallsEveryIndexOnce) {
    EXPECT_EQ(threads(), GetParam());
    for (const std::int64_t count : {0, 1, 2, 3, 1000}) {
        std::vector<int> calls(static_cast<std::size_t>(count));
        parallel_for(count, [&](std::int64_t i) { ++calls[static_cast<std::size_t>(i)]; });
        EXPECT_EQ(calls, std::vector<int>(static_cast<std::size_t>(count), 1));
    }
}

/// Workers that come late to one job must not take part in it, nor miss the next.
TEST_P(Parallel, SurvivesManyShortJobs) {
    std::vector<std::int64_t> values(7);
    constexpr int jobs = 5000;
    for (int job = 0; job < jobs; ++job) {
        parallel_for(static_cast<std::int64_t>(values.size()),
                     [&](std::int64_t i) { values[static_cast<std::size_t>(i)] += i; });
    }
    for (std::size_t i = 0; i < values.size(); ++i) EXPECT_EQ(values[i], jobs * static_cast<std::int64_t>(i));
}

TEST_P(Parallel, CutsRanges) {
    std::vector<int> calls(1003);
    std::atomic<int> longest{0};
    parallel_ranges(1003, 100, [&](std::int64_t begin, std::int64_t end) {
        longest = std::max(longest.load(), static_cast<int>(end - begin));
        for (std::int64_t i = begin; i < end; ++i) ++calls[static_cast<std::size_t>(i)];
    });
    EXPECT_EQ(calls, std::vector<int>(1003, 1));
    EXPECT_EQ(longest, 100);
}

TEST_P(Parallel, RethrowsAndGoesOn) {
    const auto fail = [](std::int64_t i) {
        if (i == 13) throw std::runtime_error("thirteen");
    };
    for (int round = 0; round < 20; ++round) {
        EXPECT_THROW(parallel_for(100, fail), std::runtime_error);
        std::atomic<std::int64_t> sum{0};
        parallel_for(100, [&](std::int64_t i) { sum += i; });
        EXPECT_EQ(sum, 4950);
    }
}

TEST_P(Parallel, RunsInsideItself) {
    std::atomic<int> calls{0};
    parallel_for(10, [&](std::int64_t) { parallel_for(10, [&](std::int64_t) { ++calls; }); });
    EXPECT_EQ(calls, 100);
}

INSTANTIATE_TEST_SUITE_P(Threads, Parallel, testing::Values(1, 2, 3, 8));

}  // namespace
}  // namespace gsfit
