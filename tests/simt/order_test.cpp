// Where nothing looks for races, what a kernel leaves to chance comes out differently in another order.

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "simt/engine_kernels.h"
#include "simt/findings.h"

namespace simt_test {
namespace {

TEST(Order, ShowsAMissingBarrier) {
    const std::vector<float> in(128, 1.F);
    int wrong = 0;
    for (const char* order : orders) {
        const InOrder in_order(order);
        float sum = 0;
        sum_blocks_without_barrier(in.data(), &sum, 1, 128);
        wrong += sum != 128.F;
    }
    EXPECT_GT(wrong, 0);
}

TEST(Order, ShowsAMissingSyncwarp) {
    int wrong = 0;
    for (const char* order : orders) {
        const InOrder in_order(order);
        std::vector<int> values(32);
        std::iota(values.begin(), values.end(), 0);
        reverse_warp_without_sync(values.data());
        wrong += !std::is_sorted(values.rbegin(), values.rend());
    }
    EXPECT_GT(wrong, 0);
}

}  // namespace
}  // namespace simt_test
