#include "simt/engine_kernels.h"

#include <gtest/gtest.h>

#include <vector>

namespace simt_test {
namespace {

TEST(Engine, barriers_and_shuffles_of_a_right_kernel) {
    const std::vector<float> in(5 * 256, 1.f);
    std::vector<float> out(5);
    block_sums(in.data(), out.data(), 5, 256);
    EXPECT_EQ(out, std::vector<float>(5, 256.f));
}

}  // namespace
}  // namespace simt_test
