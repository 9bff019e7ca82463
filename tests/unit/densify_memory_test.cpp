// What growth holds is what its formula says, and a growth that fails has changed nothing.

#include <ATen/ops/full.h>
#include <gtest/gtest.h>

#include <new>

#include "gsfit/core/parallel.h"
#include "gsfit/densify.h"
#include "gsfit/gaussians.h"
#include "reference/allocations.h"
#include "reference/compare.h"
#include "reference/tensor_allocations.h"
#include "unit/numbered.h"

namespace gsfit {
namespace {

class GrowthMemory : public testing::Test {
protected:
    void SetUp() override { set_threads(2); }
    void TearDown() override { reference::watch_allocations(); }

    const reference::WatchedTensors tensors_;
};

void expect_same(const Numbered& a, const Numbered& b) {
    EXPECT_TRUE(reference::identical(a.field.position, b.field.position));
    EXPECT_TRUE(reference::identical(a.field.inv_scale, b.field.inv_scale));
    EXPECT_TRUE(reference::identical(a.field.rotation, b.field.rotation));
    EXPECT_TRUE(reference::identical(a.field.feature, b.field.feature));
    EXPECT_TRUE(reference::identical(a.moments.first, b.moments.first));
    EXPECT_TRUE(reference::identical(a.moments.second, b.moments.second));
    EXPECT_TRUE(reference::identical(a.moments.age, b.moments.age));
}

TEST_F(GrowthMemory, IsWhatTheFormulaSays) {
    const reference::Target target(700, 900, 3, 8, 1);
    for (const std::int64_t old : {100, 30000}) {
        for (const std::int64_t added : {100, 20000}) {
            SCOPED_TRACE(testing::Message() << added << " added to " << old);
            Numbered numbered(old);
            Random random(2);
            reference::watch_allocations();
            grow(
                numbered.field, numbered.moments,
                [](const Rows& rows) {
                    return at::full({3, rows.count, 700}, 0.5);
                },
                target.view(), Lattice::whole(700, 900), {.count = added, .sigma = 2}, random);
            const auto formula = static_cast<double>(growth_bytes(700, 3, added, old + added));
            EXPECT_NEAR(static_cast<double>(reference::peak_of_allocations()), formula, 0.1 * formula);
        }
    }
}

/// Lets every allocation of an edit fail in turn, then none; returns how many there were.
template <class Edit>
std::int64_t fail_every_allocation(const Edit& edit) {
    Numbered expected(300);
    edit(expected);
    const Numbered before(300);
    for (std::int64_t failing = 0;; ++failing) {
        SCOPED_TRACE(testing::Message() << "allocation " << failing);
        Numbered numbered(300);
        reference::watch_allocations(failing);
        try {
            edit(numbered);
            EXPECT_FALSE(reference::has_failed());
            reference::watch_allocations();
            expect_same(numbered, expected);
            return failing;
        } catch (const std::bad_alloc&) {
            reference::watch_allocations();
            expect_same(numbered, before);
        }
    }
}

TEST_F(GrowthMemory, GrowsWhollyOrNotAtAll) {
    const reference::Target target(400, 300, 3, 8, 3);
    const auto edit = [&](Numbered& numbered) {
        Random random(4);
        grow(
            numbered.field, numbered.moments,
            [](const Rows& rows) {
                return at::full({3, rows.count, 400}, 0.5);
            },
            target.view(), Lattice::whole(400, 300), {.count = 200, .sigma = 2}, random);
    };
    EXPECT_GT(fail_every_allocation(edit), 30);
}

TEST_F(GrowthMemory, SortsWhollyOrNotAtAll) {
    EXPECT_GE(fail_every_allocation([](Numbered& numbered) { sort(numbered.field, numbered.moments); }), 9);
}

TEST_F(GrowthMemory, IsUntouchedWhenARenderFails) {
    const reference::Target target(64, 700, 3, 8, 5);
    Numbered numbered(300);
    Random random(6);
    const auto render = [](const Rows& rows) {
        if (rows.first > 300) throw std::bad_alloc();
        return at::full({3, rows.count, 64}, 0.5);
    };
    EXPECT_THROW(
        grow(numbered.field, numbered.moments, render, target.view(), Lattice::whole(64, 700), {.count = 200}, random),
        std::bad_alloc);
    expect_same(numbered, Numbered(300));
}

}  // namespace
}  // namespace gsfit
