// Right kernels come out right, and what the engine itself holds kernels to is found.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "simt/engine_kernels.h"
#include "simt/findings.h"

namespace simt_test {
namespace {

TEST(Engine, RunsBarriersAndShuffles) {
    const std::vector<float> in(5 * 256, 1.F);
    std::vector<float> sums(5);
    sum_blocks(in.data(), sums.data(), 5, 256);
    EXPECT_EQ(sums, std::vector<float>(5, 256.F));
}

TEST(Engine, RunsBlocksOfTheLargestSize) {
    const std::vector<float> in(2 * 1024, 0.5F);
    std::vector<float> sums(2);
    sum_blocks(in.data(), sums.data(), 2, 1024);
    EXPECT_EQ(sums, std::vector<float>(2, 512.F));
}

TEST(Engine, SynchronisesAWarp) {
    std::vector<int> values(32);
    std::iota(values.begin(), values.end(), 0);
    reverse_warp(values.data());
    EXPECT_TRUE(std::is_sorted(values.rbegin(), values.rend()));
}

TEST(Engine, GivesWhatWarpOperationsGiveOnADevice) {
    std::vector<int> results(64 * warp_operations);
    use_warp_operations(results.data());
    for (int thread = 0; thread < 64; ++thread) {
        const int lane = thread % 32;
        const int segment = lane / 8 * 8;
        const std::vector<int> expected{segment + 3,
                                        std::max(lane - 3, segment) == lane - 3 ? lane - 3 : lane,
                                        lane + 3 < segment + 8 ? lane + 3 : lane,
                                        lane ^ 5,
                                        1,
                                        15,
                                        0x49249249,
                                        1,
                                        0};
        const auto* const mine = results.data() + thread * warp_operations;
        EXPECT_EQ(std::vector<int>(mine, mine + warp_operations), expected) << thread;
    }
}

TEST(Engine, RunsMasksOfAWarpApart) {
    std::vector<int> out(32);
    shuffle_in_halves(out.data());
    for (int lane = 0; lane < 32; ++lane) EXPECT_EQ(out[lane], lane < 16 ? 15 : 16);
}

TEST(Engine, CountsVotesOfABlock) {
    std::vector<int> votes(3);
    vote_in_block(votes.data());
    EXPECT_EQ(votes, (std::vector<int>{48, 0, 1}));
}

TEST(Engine, CountsByAtomics) {
    std::vector<int> values(1000);
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<int>(i % 4);
    std::vector<int> counts(4);
    count_values(values.data(), 1000, counts.data());
    EXPECT_EQ(counts, std::vector<int>(4, 250));
}

TEST(Engine, HasEveryAtomic) {
    constexpr auto all = ~0ULL;
    std::vector<unsigned long long> results{0, 3, 3, 0, all, 77, 40};
    use_atomics(results.data());
    EXPECT_EQ((std::vector<unsigned long long>(results.begin(), results.begin() + 6)),
              (std::vector<unsigned long long>{2016, 63, 0, all, 0, 5}));
    EXPECT_TRUE(results[6] >= 1 && results[6] <= 64);
}

TEST(Engine, WritesBytesSideBySide) {
    std::vector<std::uint8_t> bytes(77);
    write_bytes(bytes.data(), 77);
    for (int i = 0; i < 77; ++i) EXPECT_EQ(bytes[i], i);
}

TEST(Engine, FillsSharedMemoryWithNaN) {
    std::vector<float> out(32);
    copy_unset_shared(out.data());
    EXPECT_TRUE(std::all_of(out.begin(), out.end(), [](float x) { return std::isnan(x); }));
}

TEST(Engine, RunsThreadsAndBlocksInTheOrderThatIsAskedFor) {
    std::vector<int> ascending(100);
    std::iota(ascending.begin(), ascending.end(), 0);
    const std::vector<int> descending(ascending.rbegin(), ascending.rend());
    for (const auto run : {order_of_threads, order_of_blocks}) {
        std::vector<std::vector<int>> seen;
        for (const char* order : orders) {
            const InOrder in_order(order);
            run(seen.emplace_back(100).data(), 100);
        }
        EXPECT_EQ(seen[0], ascending);
        EXPECT_EQ(seen[1], descending);
        for (int seed = 2; seed < 5; ++seed) {
            EXPECT_TRUE(std::is_permutation(seen[seed].begin(), seen[seed].end(), ascending.begin()));
            EXPECT_EQ(std::count(seen.begin(), seen.end(), seen[seed]), 1);
        }
    }
}

TEST(Engine, RefusesAnOrderThatItDoesNotKnow) {
    const InOrder in_order("random");
    EXPECT_THROW(launch_nothing(1, 1, 1, 1, 0), std::invalid_argument);
}

TEST(Engine, HoldsLaunchesToTheLimitsOfDevices) {
    EXPECT_EQ(finding_of([] { launch_nothing(0, 1, 32, 1, 0); }), "");
    EXPECT_EQ(finding_of([] { launch_nothing(1, 65535, 1, 1, 49152); }), "");
    EXPECT_EQ(finding_of([] { launch_nothing(1, 1, 1024, 1, 0); }), "");
    EXPECT_TRUE(says(finding_of([] { launch_nothing(1, 65536, 1, 1, 0); }), "a grid of (1, 65536, 1) blocks", {}));
    EXPECT_TRUE(says(finding_of([] { launch_nothing(1, 1, 1025, 1, 0); }), "blocks of (1025, 1, 1) threads", {}));
    EXPECT_TRUE(says(finding_of([] { launch_nothing(1, 1, 0, 1, 0); }), "blocks of (0, 1, 1) threads", {}));
    EXPECT_TRUE(says(finding_of([] { launch_nothing(1, 1, 1, 65, 0); }), "blocks of (1, 1, 65) threads", {}));
    EXPECT_TRUE(says(finding_of([] { launch_nothing(1, 1, 1, 1, 49153); }), "49153 bytes of shared memory", {}));
}

TEST(Engine, FindsABarrierInTwoBranches) {
    std::vector<int> out(64);
    EXPECT_TRUE(says(finding_of([&] { barrier_in_two_branches(out.data()); }), "a barrier is one line for all",
                     {"__syncthreads();", "__syncthreads();"}));
}

TEST(Engine, FindsABarrierThatThreadsMiss) {
    std::vector<int> out(64);
    for (const char* order : orders) {
        const InOrder in_order(order);
        EXPECT_TRUE(says(finding_of([&] { barrier_without_those_that_returned(out.data()); }),
                         "returned from the kernel", {"__syncthreads();"}));
    }
}

TEST(Engine, FindsADeadlockAndSaysWhoWaitsWhere) {
    std::vector<int> out(32);
    const auto finding = finding_of([&] { wait_for_each_other(out.data()); });
    EXPECT_TRUE(says(finding, "Deadlock", {"if (threadIdx.x == 0) __syncthreads();", "__any_sync"}));
    EXPECT_NE(finding.find("thread 0 in __syncthreads"), std::string::npos) << finding;
    EXPECT_NE(finding.find("thread 1 in __any_sync"), std::string::npos) << finding;
}

TEST(Engine, FindsLanesThatAreReadOutsideTheMask) {
    std::vector<int> out(32);
    EXPECT_TRUE(says(finding_of([&] { shuffle_from_outside_the_mask(out.data()); }), "reads lane 20",
                     {"__shfl_sync(mask, lane, source)"}));
    EXPECT_TRUE(says(finding_of([&] { shuffle_without_being_in_the_mask(out.data()); }), "lacks the calling lane",
                     {"__shfl_sync(mask, lane, source)"}));
}

TEST(Engine, FindsLanesThatAreReadAfterTheyReturned) {
    std::vector<int> out(32);
    EXPECT_TRUE(says(finding_of([&] { shuffle_from_a_lane_that_returned(out.data()); }), "reads lane 31",
                     {"__shfl_down_sync(whole_warp, lane, 1)"}));
}

TEST(Engine, FindsAWarpThatHasDiverged) {
    std::vector<int> out(32);
    EXPECT_TRUE(says(finding_of([&] { shuffle_in_two_branches(out.data()); }), "diverged",
                     {"__shfl_sync(whole_warp, lane, 0)", "__shfl_sync(whole_warp, lane, 1)"}));
}

TEST(Engine, FindsBlocksThatTakeMoreSharedMemoryThanThereIs) {
    std::vector<float> out(32);
    EXPECT_TRUE(says(finding_of([&] { take_too_much_shared(out.data()); }),
                     "With too_much the block has 49156 bytes of shared memory in 3 arrays", {}));
}

TEST(Engine, NamesTheThreadAndGoesOnAfterAFinding) {
    std::vector<int> out(64);
    const InOrder in_order("fwd");
    const auto finding = finding_of([&] { barrier_in_two_branches(out.data()); });
    EXPECT_EQ(finding.rfind("Block (0, 0, 0), thread (32, 0, 0): __syncthreads at ", 0), 0U) << finding;
    write_numbers(out.data(), 64);
    EXPECT_TRUE(std::is_sorted(out.begin(), out.end()));
    EXPECT_EQ(out.back(), 63);
}

}  // namespace
}  // namespace simt_test
