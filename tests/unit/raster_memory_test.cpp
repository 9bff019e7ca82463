// What bins and slots cost, and what is left after a failed allocation.

#include <gtest/gtest.h>

#include <ATen/core/grad_mode.h>

#include <new>
#include <thread>

#include "gsfit/bin.h"
#include "gsfit/core/parallel.h"
#include "gsfit/project.h"
#include "gsfit/raster.h"
#include "reference/allocations.h"
#include "reference/compare.h"
#include "reference/scenes.h"

namespace gsfit {
namespace {

constexpr std::int64_t width = 300;
constexpr std::int64_t height = 200;
const Lattice lattice = Lattice::whole(width, height);
const Rows all{0, height};
const Rows some{70, 50};

Splats some_splats(std::int64_t size = 3000) {
    return reference::leaves(project(reference::random_field(size, 3, width, height, 1), lattice));
}

at::Tensor loss_of(const Splats& splats, const Rows& rows) {
    static const reference::Target target(width, height, 3, 8, 2);
    return rasterize_loss(splats, bin(splats, width, rows, Blending()), {}, target.view(), lattice, {});
}

class RasterMemory : public testing::Test {
protected:
    void SetUp() override {
        set_threads(1);
        release_raster_memory();
    }
    void TearDown() override { reference::watch_allocations(); }
};

TEST_F(RasterMemory, OfBinsIsWhatTheFormulasSay) {
    const Splats splats = some_splats();
    for (const Rows& rows : {all, some, Rows{199, 1}}) {
        const std::int64_t pairs = count_pairs(splats, width, rows, Blending());
        reference::watch_allocations();
        const auto bins = bin(splats, width, rows, Blending());
        const std::int64_t blocks = blocks_along(width) * block_rows(rows);
        const std::int64_t expected = bins_bytes(3000, blocks, pairs);
        EXPECT_EQ(bins->bytes(), expected);
        const auto most = static_cast<double>(expected + binning_bytes(3000, blocks));
        EXPECT_NEAR(static_cast<double>(reference::peak_of_allocations()), most, 0.01 * most);
    }
}

TEST_F(RasterMemory, CountingPairsTakesNone) {
    const Splats splats = some_splats();
    reference::watch_allocations();
    EXPECT_EQ(count_pairs(splats, width, some, Blending()), bin(splats, width, some, Blending())->pair_count());
    reference::watch_allocations();
    EXPECT_GT(count_pairs(splats, width, some, Blending()), 0);
    EXPECT_EQ(reference::peak_of_allocations(), 0);
}

TEST_F(RasterMemory, OfImagesIsWhatTheFormulasSay) {
    const Splats splats = some_splats();
    const auto bins = bin(splats, width, some, Blending());
    for (const auto type : {at::kFloat, at::kHalf}) {
        const at::Tensor image = rasterize(splats, bins, {}, type);
        EXPECT_EQ(static_cast<std::int64_t>(image.nbytes()), image_bytes(width, some.count, 3, type));
    }
    EXPECT_EQ(normaliser_bytes(width, some.count), image_bytes(width, some.count, 1, at::kFloat));
    const std::size_t gradients = splats.center.nbytes() + splats.conic.nbytes() + splats.feature.nbytes();
    EXPECT_EQ(splat_gradient_bytes(3000, 3), static_cast<std::int64_t>(gradients));
}

TEST_F(RasterMemory, OfSlotsIsKeptUntilItIsReleased) {
    const Splats splats = some_splats();
    const std::int64_t slots = slot_bytes(count_pairs(splats, width, all, Blending()), 3);
    const auto times_allocated = [&](const Rows& rows) {
        reference::watch_allocations();
        loss_of(splats, rows).backward();
        return reference::count_allocations(slots);
    };
    EXPECT_EQ(times_allocated(all), 1);
    EXPECT_EQ(times_allocated(all), 0);
    EXPECT_EQ(times_allocated(some), 0);
    release_raster_memory();
    EXPECT_EQ(times_allocated(all), 1);
}

TEST_F(RasterMemory, OfSlotsIsReleasedBeforeItGrows) {
    const Splats few = some_splats(2000);
    const Splats many = some_splats(6000);
    loss_of(many, all);  // working memory of the thread is there, and slots for many
    release_raster_memory();
    loss_of(few, all);
    const auto bins = bin(many, width, all, Blending());
    const std::int64_t small = slot_bytes(count_pairs(few, width, all, Blending()), 3);
    const std::int64_t large = slot_bytes(bins->pair_count(), 3);
    const reference::Target target(width, height, 3, 8, 2);
    reference::watch_allocations();
    rasterize_loss(many, bins, {}, target.view(), lattice, {});
    EXPECT_EQ(reference::count_allocations(large), 1);
    EXPECT_NEAR(static_cast<double>(reference::peak_of_allocations()), static_cast<double>(large - small), 8192);
}

TEST_F(RasterMemory, OfSlotsIsTakenForGradientsOnly) {
    const Splats splats = some_splats();
    const std::int64_t slots = slot_bytes(count_pairs(splats, width, all, Blending()), 3);
    const at::NoGradGuard unrecorded;
    reference::watch_allocations();
    loss_of(splats, all);
    EXPECT_EQ(reference::count_allocations(slots), 0);
}

struct Results {
    at::Tensor loss, center, conic, feature;
};

Results step() {
    const Splats splats = some_splats();
    const auto bins = bin(splats, width, height, Blending());
    at::Tensor loss = loss_of(splats, some).add(rasterize(splats, bins, {}, at::kHalf).to(at::kFloat).pow(2).mean());
    loss.backward();
    return {loss.detach(), splats.center.grad(), splats.conic.grad(), splats.feature.grad()};
}

void expect_same(const Results& a, const Results& b) {
    EXPECT_TRUE(reference::identical(a.loss, b.loss));
    EXPECT_TRUE(reference::identical(a.center, b.center));
    EXPECT_TRUE(reference::identical(a.conic, b.conic));
    EXPECT_TRUE(reference::identical(a.feature, b.feature));
}

/// On a thread of its own, which has no memory yet.
bool fails_and_goes_on(std::int64_t failing, const Results& undisturbed) {
    bool failed = false;
    std::thread([&] {
        reference::watch_allocations(failing);
        try {
            expect_same(step(), undisturbed);
        } catch (const std::bad_alloc&) {
            failed = true;
        }
        EXPECT_EQ(failed, reference::has_failed());
        reference::watch_allocations();
        expect_same(step(), undisturbed);
    }).join();
    return failed;
}

TEST_F(RasterMemory, AFailedAllocationLeavesNothingBroken) {
    const Results undisturbed = step();
    std::int64_t failing = 0;
    while (fails_and_goes_on(failing, undisturbed)) ++failing;
    EXPECT_GT(failing, 15);
}

}  // namespace
}  // namespace gsfit
