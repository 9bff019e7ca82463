// What sanitizers find in kernels.

#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "simt/engine_kernels.h"

namespace simt_test {
namespace {

class MemoryDeathTest : public testing::Test {
protected:
    void SetUp() override { testing::FLAGS_gtest_death_test_style = "threadsafe"; }

    int out_ = 0;
};

TEST_F(MemoryDeathTest, FindsWritesBeyondSharedArrays) {
    write_static_shared(0, &out_);
    EXPECT_EQ(out_, 2);
    EXPECT_DEATH(write_static_shared(1, &out_), "use-after-poison");
    EXPECT_DEATH(write_static_shared(-33, &out_), "use-after-poison");
}

TEST_F(MemoryDeathTest, FindsWritesBeyondTheSharedBytesOfTheLaunch) {
    write_dynamic_shared(0, &out_);
    EXPECT_EQ(out_, 2);
    EXPECT_DEATH(write_dynamic_shared(1, &out_), "use-after-poison");
}

TEST_F(MemoryDeathTest, FindsWritesBeyondInnerArrays) {
    write_inner_shared(0, &out_);
    EXPECT_EQ(out_, 2);
    EXPECT_DEATH(write_inner_shared(1, &out_), "out of bounds");
}

TEST_F(MemoryDeathTest, FindsWritesBeyondGlobalArrays) {
    std::vector<int> out(77);
    write_numbers(out.data(), 77);
    EXPECT_EQ(out.back(), 76);
    EXPECT_DEATH(write_numbers(out.data(), 78), "heap-buffer-overflow");
}

TEST_F(MemoryDeathTest, FindsConversionsThatIntegersCannotHold) {
    const float fits = -7.5F;
    convert_to_int(&fits, &out_);
    EXPECT_EQ(out_, -7);
    const float nan = std::numeric_limits<float>::quiet_NaN();
    EXPECT_DEATH(convert_to_int(&nan, &out_), "outside the range");
}

}  // namespace
}  // namespace simt_test
