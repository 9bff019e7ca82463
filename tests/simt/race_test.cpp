// What the race receiver finds, in whatever order threads run.

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

#include "simt/engine_kernels.h"
#include "simt/findings.h"

namespace simt_test {
namespace {

/// Each kernel is run in every order.
class Race : public testing::TestWithParam<const char*> {
protected:
    const InOrder in_order_{GetParam()};
    std::vector<int> ints_ = std::vector<int>(64, 1);
};

INSTANTIATE_TEST_SUITE_P(Orders, Race, testing::ValuesIn(orders),
                         [](const auto& order) { return std::string("Order") + order.param; });

TEST_P(Race, IsNotFoundInRightKernels) {
    const std::vector<float> in(512, 1.F);
    std::vector<float> sums(4);
    std::vector<int> results(64 * warp_operations);
    std::vector<unsigned long long> atomics(7);
    std::vector<std::uint8_t> bytes(64);
    EXPECT_EQ(finding_of([&] {
                  sum_blocks(in.data(), sums.data(), 4, 128);
                  reverse_warp(ints_.data());
                  use_warp_operations(results.data());
                  vote_in_block(results.data());
                  count_values(ints_.data(), 64, results.data());
                  use_atomics(atomics.data());
                  write_bytes(bytes.data(), 64);
                  write_numbers(ints_.data(), 64);
                  write_numbers(ints_.data(), 64);
              }),
              "");
}

TEST_P(Race, IsFoundWhereABarrierIsMissing) {
    const std::vector<float> in(128, 1.F);
    float sum = 0;
    EXPECT_TRUE(says(finding_of([&] { sum_blocks_without_barrier(in.data(), &sum, 1, 128); }), "Race",
                     {"partial[t / 32] = mine", "sum += partial[warp]"}));
}

TEST_P(Race, IsFoundWhereASyncwarpIsMissing) {
    const auto lines = {"all[t] = values[t]", "values[t] = all[n - 1 - t]"};
    EXPECT_TRUE(says(finding_of([&] { reverse_warp_without_sync(ints_.data()); }), "Race", lines));
}

TEST_P(Race, IsFoundWhereAShuffleIsToOrderMemory) {
    const auto lines = {"all[t] = values[t]", "values[t] = all[n - 1 - t]"};
    EXPECT_TRUE(says(finding_of([&] { reverse_warp_after_shuffle(ints_.data()); }), "Race", lines));
}

TEST_P(Race, IsFoundWhereASyncwarpIsToOrderABlock) {
    const auto lines = {"all[t] = values[t]", "values[t] = all[n - 1 - t]"};
    EXPECT_TRUE(says(finding_of([&] { reverse_block_by_syncwarp(ints_.data()); }), "Race", lines));
}

TEST_P(Race, IsFoundWhereReadersAreNotWaitedFor) {
    EXPECT_TRUE(says(finding_of([&] { overwrite_what_others_read(ints_.data()); }), "Race",
                     {"out[threadIdx.x] = value;", "if (threadIdx.x == 40) value = 2;"}));
}

TEST_P(Race, IsFoundBetweenBlocks) {
    EXPECT_TRUE(says(finding_of([&] { write_one_place_from_blocks(ints_.data()); }), "Race",
                     {"*out = static_cast<int>(blockIdx.x)", "*out = static_cast<int>(blockIdx.x)"}));
    EXPECT_TRUE(says(finding_of([&] { read_what_another_block_writes(ints_.data()); }), "Race",
                     {"values[blockIdx.x + 1] = values[blockIdx.x]", "values[blockIdx.x + 1] = values[blockIdx.x]"}));
}

TEST_P(Race, IsFoundBetweenAtomicsAndOthers) {
    EXPECT_TRUE(says(finding_of([&] { add_and_write(ints_.data()); }), "an atomic write",
                     {"*counter = 5;", "atomicAdd(counter, 1);"}));
    EXPECT_TRUE(says(finding_of([&] { add_and_read(ints_.data()); }), "an atomic write",
                     {"atomicAdd(&counter[0], 1);", "counter[1] = counter[0]"}));
}

}  // namespace
}  // namespace simt_test
