#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "gsfit/memory.h"

namespace gsfit {
namespace {

TEST(Governor, TellsTheLevelOfTheLastSample) {
    std::atomic<std::int64_t> bytes = 99;
    Governor governor({.warning = 100, .critical = 200}, [&] { return bytes.load(); });
    EXPECT_EQ(governor.level(), Governor::Level::ok);
    bytes = 100;
    EXPECT_EQ(governor.sample(), Governor::Level::warning);
    bytes = 200;
    EXPECT_EQ(governor.sample(), Governor::Level::critical);
    EXPECT_EQ(governor.level(), Governor::Level::critical);
    bytes = 150;
    EXPECT_EQ(governor.sample(), Governor::Level::warning);
    EXPECT_EQ(governor.level(), Governor::Level::warning);
    EXPECT_EQ(governor.resident(), 150);
    EXPECT_EQ(governor.peak(), 200);
}

TEST(Governor, HasNoLevelsWithoutThresholds) {
    const Governor governor({}, [] { return std::int64_t{1} << 60; });
    EXPECT_EQ(governor.level(), Governor::Level::ok);
}

TEST(Governor, SamplesOnItsOwn) {
    std::atomic<std::int64_t> samples = 0;
    const Governor governor({.warning = 3, .critical = 0}, [&] { return ++samples; });
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (governor.level() == Governor::Level::ok && std::chrono::steady_clock::now() < deadline) {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    EXPECT_EQ(governor.level(), Governor::Level::warning);
    EXPECT_GE(governor.peak(), 3);
}

TEST(Governor, EndsAtOnce) {
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < 50; ++i) const Governor governor({}, [] { return 1; });
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(2500)) << "half a period each";
}

/// What threads see must be whole values, and the peak the greatest of all.
TEST(Governor, ServesManyThreads) {
    std::atomic<std::int64_t> bytes = 0;
    Governor governor({.warning = 1, .critical = 1 << 30}, [&] { return ++bytes; });
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            for (int k = 0; k < 1000; ++k) EXPECT_EQ(governor.sample(), Governor::Level::warning);
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_GE(governor.peak(), 4000);
    EXPECT_GE(bytes, governor.peak());
}

TEST(Governor, SeesThisProcess) {
    const Governor governor({.warning = 1, .critical = 0});
    EXPECT_EQ(governor.level(), Governor::Level::warning);
    EXPECT_GT(governor.resident(), 1 << 20);
}

}  // namespace
}  // namespace gsfit
