// How many images of a batch are fitted at once.

#include <gtest/gtest.h>

#include "cli/batch_plan.h"

namespace gsfit::cli {
namespace {

constexpr std::int64_t any_number = 1'000'000;

TEST(BatchPlan, ManyImagesTakeAThreadEach) {
    EXPECT_EQ(plan_batch(12, 2, any_number), (BatchPlan{2, 1}));
    EXPECT_EQ(plan_batch(1000, 64, any_number), (BatchPlan{64, 1}));
    EXPECT_EQ(plan_batch(3, 2, any_number), (BatchPlan{2, 1})) << "although one core is idle at the end";
}

TEST(BatchPlan, FewImagesTakeSeveralThreads) {
    EXPECT_EQ(plan_batch(1, 8, any_number), (BatchPlan{1, 8}));
    EXPECT_EQ(plan_batch(2, 8, any_number), (BatchPlan{2, 4}));
    EXPECT_EQ(plan_batch(3, 8, any_number), (BatchPlan{3, 2}));
}

TEST(BatchPlan, MemoryLimitsTheNumberAndItsThreadsAreShared) {
    EXPECT_EQ(plan_batch(100, 8, 2), (BatchPlan{2, 4}));
    EXPECT_EQ(plan_batch(100, 8, 1), (BatchPlan{1, 8}));
}

TEST(BatchPlan, NothingToDo) { EXPECT_EQ(plan_batch(0, 8, 1), (BatchPlan{1, 8})); }

TEST(BatchPlan, NeverTakesMoreThreadsThanThereAre) {
    for (int cores = 1; cores <= 40; ++cores) {
        for (std::int64_t images = 1; images <= 100; ++images) {
            const BatchPlan plan = plan_batch(images, cores, any_number);
            ASSERT_GE(plan.jobs, 1);
            ASSERT_GE(plan.threads, 1);
            ASSERT_LE(plan.jobs * plan.threads, cores) << images << " images";
        }
    }
}

}  // namespace
}  // namespace gsfit::cli
