#include "gsfit/render.h"

#include <gtest/gtest.h>
#include <malloc.h>

#include <fstream>
#include <optional>
#include <string>

#include "gsfit/core/error.h"
#include "gsfit/core/parallel.h"
#include "reference/compare.h"
#include "reference/scenes.h"

namespace gsfit {
namespace {

/// Two renders of the same samples differ by what the recurrence's seeds and a centre's rounding make of a weight.
constexpr double tolerance = 5e-5;

TEST(Render, OfACropIsTheCropOfTheRender) {
    const Field field = reference::random_field(150, 3, 200, 129, 1);
    const at::Tensor whole = render(field, Lattice::whole(200, 129), {});
    for (const Lattice& crop : {Lattice{200, 129, 0, 0, 1, 1, 1}, Lattice{200, 129, 199, 128, 1, 1, 1},
                                Lattice{200, 129, 17, 31, 100, 70, 1}, Lattice{200, 129, 63, 65, 7, 3, 1}}) {
        SCOPED_TRACE(testing::Message() << crop.width << " x " << crop.height << " from " << crop.x << ", " << crop.y);
        const at::Tensor expected = whole.slice(1, crop.y, crop.y + crop.height).slice(2, crop.x, crop.x + crop.width);
        EXPECT_LT(reference::difference(render(field, crop, {}), expected), tolerance);
    }
}

TEST(Render, OfABandAtAnyRowIsTheBandOfTheRender) {
    const Field field = reference::random_field(150, 3, 200, 129, 2);
    const Lattice lattice = Lattice::whole(200, 129);
    const at::Tensor whole = render(field, lattice, {});
    for (std::int64_t first = 0; first < 129; first += 7) {
        SCOPED_TRACE(first);
        const std::int64_t rows = std::min<std::int64_t>(13, 129 - first);
        EXPECT_LT(
            reference::difference(render(field, lattice.band({first, rows}), {}), whole.slice(1, first, first + rows)),
            tolerance);
    }
}

TEST(Render, OfAllPhasesTogetherIsTheRender) {
    const Field field = reference::random_field(150, 3, 101, 67, 3);
    const at::Tensor whole = render(field, Lattice::whole(101, 67), {});
    for (const std::int64_t stride : {2, 3, 8}) {
        for (std::int64_t y = 0; y < stride; ++y) {
            for (std::int64_t x = 0; x < stride; ++x) {
                SCOPED_TRACE(testing::Message() << "stride " << stride << ", phase " << x << ", " << y);
                const at::Tensor phase = render(field, Lattice::phase(101, 67, stride, x, y), {});
                const at::Tensor expected = whole.slice(1, y, std::nullopt, stride).slice(2, x, std::nullopt, stride);
                EXPECT_LT(reference::difference(phase, expected), tolerance);
            }
        }
    }
}

/// The centre of every third pixel of a raster three times as large is the centre of a pixel of the small one.
TEST(Render, DoesNotDependOnResolution) {
    const Field field = reference::random_field(150, 3, 101, 67, 4);
    const at::Tensor small = render(field, Lattice::whole(101, 67), {});
    const at::Tensor large = render(field, Lattice::phase(303, 201, 3, 1, 1), {});
    EXPECT_LT(reference::difference(large, small), tolerance);
}

TEST(Render, OfNothingIsBlack) {
    const Field nothing = reference::random_field(0, 3, 64, 48, 5);
    const at::Tensor image = render(nothing, Lattice::whole(70, 40), {});
    EXPECT_EQ(image.sizes(), at::IntArrayRef({3, 40, 70}));
    EXPECT_EQ(image.abs().max().item<float>(), 0);
}

TEST(RenderLoss, OfNothingIsTheTargetsEnergy) {
    const reference::Target target(70, 40, 3, 8, 6);
    const Lattice lattice = Lattice::whole(70, 40);
    const double energy = reference::pixel_loss(reference::Image(3 * 70 * 40), target.view(), lattice, {});
    const Field nothing = reference::leaves(reference::random_field(0, 3, 64, 48, 7));
    const at::Tensor loss = render_loss(nothing, lattice, {}, target.view(), {});
    EXPECT_NEAR(loss.item<float>(), energy, 1e-6);
    loss.backward();
    EXPECT_EQ(nothing.position.grad().size(0), 0);
}

TEST(RenderLoss, GivesTheSameBitsForAnyNumberOfThreads) {
    const Field field = reference::random_field(5000, 3, 300, 200, 8);
    const reference::Target target(300, 200, 3, 8, 9);
    const auto step = [&](int count) {
        set_threads(count);
        const Field leaves = reference::leaves(field);
        const at::Tensor loss = render_loss(leaves, Lattice::whole(300, 200), {}, target.view(), {});
        loss.backward();
        return std::pair{loss.detach(), leaves};
    };
    const auto [loss, alone] = step(1);
    for (const int count : {1, 2, 3, 7}) {
        SCOPED_TRACE(testing::Message() << count << " threads");
        const auto [same_loss, together] = step(count);
        EXPECT_TRUE(reference::identical(same_loss, loss));
        EXPECT_TRUE(reference::identical(together.position.grad(), alone.position.grad()));
        EXPECT_TRUE(reference::identical(together.inv_scale.grad(), alone.inv_scale.grad()));
        EXPECT_TRUE(reference::identical(together.rotation.grad(), alone.rotation.grad()));
        EXPECT_TRUE(reference::identical(together.feature.grad(), alone.feature.grad()));
    }
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool sanitized = true;  // the sanitizers keep freed memory for a while
#else
constexpr bool sanitized = false;
#endif

/// A line of /proc/self/status in KiB.
std::int64_t status_kib(const std::string& key) {
    std::ifstream status("/proc/self/status");
    for (std::string word; status >> word;) {
        if (word == key + ":") {
            std::int64_t kib = 0;
            status >> kib;
            return kib;
        }
    }
    return 0;
}

void step(const Field& field, const Lattice& lattice, const PackedView& target) {
    render_loss(reference::leaves(field), lattice, {}, target, {}).backward();
}

TEST(RenderLoss, KeepsNoMemoryFromStepToStep) {
    if (sanitized) GTEST_SKIP() << "sanitizers keep freed memory";
    const Field field = reference::random_field(2000, 3, 128, 96, 10);
    const reference::Target target(128, 96, 3, 8, 11);
    set_threads(1);  // with more, a thread's working memory grows when it first meets the fullest block
    for (int i = 0; i < 20; ++i) step(field, Lattice::whole(128, 96), target.view());
    const auto before = mallinfo2().uordblks;
    for (int i = 0; i < 100; ++i) step(field, Lattice::whole(128, 96), target.view());
    EXPECT_LT(mallinfo2().uordblks, before + 100 * 1000) << "a kilobyte a step is lost";
}

/// A float image of this lattice alone would take 192 MiB.
TEST(RenderLoss, NeedsNoMemoryForTheImage) {
    if (sanitized) GTEST_SKIP() << "sanitizers keep freed memory";
    const std::int64_t side = 4096;
    const Field field = reference::random_field(2000, 3, side, side, 12);
    const std::vector<std::byte> row(3 * side);
    const PackedView target{row.data(), side, side, 3, 8, /*row_bytes=*/0};  // all rows are the same one
    step(reference::random_field(2000, 3, 128, 128, 13), Lattice::whole(128, 128), target);
    std::ofstream("/proc/self/clear_refs") << 5;  // the peak starts anew
    const std::int64_t before = status_kib("VmHWM");
    step(field, Lattice::whole(side, side), target);
    EXPECT_LT(status_kib("VmHWM"), before + 32 * 1024);
}

}  // namespace
}  // namespace gsfit
