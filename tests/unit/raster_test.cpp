#include "gsfit/raster.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "gsfit/bin.h"
#include "gsfit/core/error.h"
#include "gsfit/core/parallel.h"
#include "gsfit/loss.h"
#include "gsfit/project.h"
#include "reference/compare.h"
#include "reference/scenes.h"
#include "reference/simd_targets.h"

namespace gsfit {
namespace {

/// Relative to the largest value of the image. The recurrence multiplies a weight by up to 32^2 / 2 factors exp(-c),
/// each rounded alike: 500 times 6e-8.
constexpr double tolerance = 5e-5;
/// q of a thin turned Gaussian is a difference of numbers a thousand times its size, so a weight is good to 1e-3 only.
constexpr double thin_tolerance = 1e-3;

std::shared_ptr<const Bins> bins_of(const Splats& splats, const Lattice& lattice, const Blending& blending) {
    return bin(splats, lattice.width, lattice.height, blending);
}

at::Tensor image_of(const Splats& splats, const Lattice& lattice, const Blending& blending) {
    return rasterize(splats, bins_of(splats, lattice, blending), blending);
}

/// Whether a sample sees a Gaussian at the very cutoff is left open.
void expect_reference(const Field& field, const Lattice& lattice, const Blending& blending,
                      double allowed = tolerance) {
    const Splats splats = project(field, lattice);
    const auto truth = reference::to_double(splats);
    const auto seen = reference::blended(truth, lattice, blending);
    const auto image = reference::rasterize(truth, seen, lattice, blending);
    const auto open = reference::undecided(truth, lattice, blending, 10 * allowed);
    EXPECT_LE(reference::excess(image_of(splats, lattice, blending), image, open), allowed * reference::largest(image));
}

class Raster : public testing::TestWithParam<Blending> {
protected:
    [[nodiscard]] static Blending blending() { return GetParam(); }
};

TEST_P(Raster, EqualsTheReferenceOnEverySize) {
    for (const auto& [width, height] :
         {std::pair{1, 1}, {7, 3}, {16, 4}, {64, 64}, {65, 63}, {130, 70}, {200, 129}, {3, 200}}) {
        SCOPED_TRACE(testing::Message() << width << " x " << height);
        expect_reference(reference::random_field(150, 3, width, height, 1), Lattice::whole(width, height), blending());
    }
}

TEST_P(Raster, EqualsTheReferenceForEveryNumberOfChannels) {
    for (int channels = 1; channels <= max_channels; channels += channels < 16 ? 1 : 16) {
        SCOPED_TRACE(channels);
        expect_reference(reference::random_field(60, channels, 70, 40, 2), Lattice::whole(70, 40), blending());
    }
}

TEST_P(Raster, EqualsTheReferenceOnLatticesAndCrops) {
    const Field field = reference::random_field(150, 3, 200, 129, 3);
    for (const Lattice& lattice :
         {Lattice::phase(200, 129, 2, 1, 0), Lattice::phase(200, 129, 3, 2, 1), Lattice::phase(200, 129, 8, 5, 7),
          Lattice{200, 129, 31, 17, 90, 66, 1}, Lattice{400, 258, 111, 5, 33, 40, 3}, Lattice::whole(400, 258)}) {
        SCOPED_TRACE(testing::Message() << "stride " << lattice.stride << ", from " << lattice.x << ", " << lattice.y);
        expect_reference(field, lattice, blending());
    }
}

TEST_P(Raster, EqualsTheReferenceForEveryCutoffAndEps) {
    const Field field = reference::random_field(150, 3, 130, 70, 4);
    for (const float cutoff : {1.0F, 3.0F, 6.0F}) {
        for (const float eps : {1e-4F, 0.1F}) {
            SCOPED_TRACE(testing::Message() << "cutoff " << cutoff << ", eps " << eps);
            Blending other = blending();
            other.cutoff = cutoff;
            other.eps = eps;
            expect_reference(field, Lattice::whole(130, 70), other);
        }
    }
}

TEST_P(Raster, EqualsTheReferenceForAwkwardGaussians) {
    expect_reference(reference::awkward_field(80, 3, 130, 97, 5), Lattice::whole(130, 97), blending(), thin_tolerance);
}

TEST_P(Raster, EqualsTheReferenceForThinTurnedGaussians) {
    Field field = reference::random_field(60, 3, 200, 129, 6);
    for (std::int64_t i = 0; i < 12; ++i) {
        const auto angle = 0.13 + 0.26 * static_cast<double>(i);
        reference::reshape(field, i, {100.0 + 3.0 * static_cast<double>(i), 60, 0.3, 100, angle});
    }
    expect_reference(field, Lattice::whole(200, 129), blending(), thin_tolerance);
}

TEST_P(Raster, EqualsTheReferenceForTinyAndHugeGaussiansAlone) {
    for (const double sigma : {0.05, 0.1, 0.3, 0.5, 1.0, 2.0, 5.0, 20.0, 100.0, 500.0, 5000.0}) {
        SCOPED_TRACE(sigma);
        Field field = reference::random_field(1, 3, 130, 97, 7);
        reference::reshape(field, 0, {65.4, 48.6, sigma, sigma});
        expect_reference(field, Lattice::whole(130, 97), blending());
    }
}

TEST_P(Raster, EqualsTheReferenceForTenThousandGaussiansOnOnePixel) {
    Field field = reference::random_field(10000, 3, 20, 12, 8);
    for (std::int64_t i = 0; i < 10000; ++i) {
        reference::reshape(field, i, {10.3, 6.6, 0.4 + 1e-4 * static_cast<double>(i), 0.6, 0.3});
    }
    // The topk of the others are too close to tell.
    for (std::int64_t i = 0; i < 12; ++i) {
        const double sigma = 3 + static_cast<double>(i);
        reference::reshape(field, 700 * i, {10.3 + 0.1 * static_cast<double>(i), 6.6, sigma, sigma});
    }
    field.feature.div_(blending().blend == Blend::sum ? 1e4 : 1.0);
    // Beyond the ellipse q is up to 175, and good to 1e-6 of that.
    const double allowed = blending().support == Support::tile16 ? 2e-4 : tolerance;
    expect_reference(field, Lattice::whole(20, 12), blending(), allowed);
}

TEST_P(Raster, SkipsDegenerateGaussians) {
    expect_reference(reference::degenerate_field(60, 3, 70, 40, 9), Lattice::whole(70, 40), blending());
}

TEST_P(Raster, IsBlackWithoutGaussians) {
    const Lattice lattice = Lattice::whole(70, 40);
    EXPECT_EQ(image_of(project(reference::random_field(0, 3, 70, 40, 10), lattice), lattice, blending())
                  .abs()
                  .sum()
                  .item<float>(),
              0);
    Field outside = reference::random_field(1, 3, 70, 40, 10);
    reference::reshape(outside, 0, {-100, -100, 3, 3});
    EXPECT_EQ(image_of(project(outside, lattice), lattice, blending()).abs().sum().item<float>(), 0);
}

/// A weight does not depend on its block's place: Gaussians and lattice moved together by whole samples keep their
/// image.
TEST_P(Raster, MembershipDoesNotDependOnBlocks) {
    const Field field = reference::random_field(150, 3, 200, 129, 11);
    const Lattice whole = Lattice::whole(200, 129);
    const at::Tensor image = image_of(project(field, whole), whole, blending());
    const bool of_tiles = blending().support == Support::tile16;  // those are counted from the lattice's first sample
    for (auto [x, y] : {std::pair{1, 0}, {17, 31}, {64, 64}, {100, 5}}) {
        if (of_tiles) x &= ~15, y &= ~15;
        SCOPED_TRACE(testing::Message() << "crop from " << x << ", " << y);
        const Lattice crop{200, 129, x, y, 200 - x, 129 - y, 1};
        const auto splats = project(field, crop);
        const auto expected = reference::to_double(image.slice(1, y).slice(2, x));
        const auto open = reference::undecided(reference::to_double(splats), crop, blending(), 1e-4);
        EXPECT_LT(reference::excess(image_of(splats, crop, blending()), expected, open),
                  tolerance * reference::largest(expected));
    }
}

/// What a step makes of a scene.
struct Results {
    at::Tensor image, loss, center, conic, feature;
};

Results results_of(const Field& field, const Lattice& lattice, const Blending& blending, const PackedView& target) {
    const Splats leaves = reference::leaves(project(field, lattice));
    const auto bins = bins_of(leaves, lattice, blending);
    at::Tensor image = rasterize(leaves, bins, blending);
    at::Tensor loss = rasterize_loss(leaves, bins, blending, target, lattice, {0.7F, 0.5F});
    image.pow(2).sum().add(loss).backward();
    return {image.detach(), loss.detach(), leaves.center.grad(), leaves.conic.grad(), leaves.feature.grad()};
}

TEST_P(Raster, GivesTheSameBitsForAnyNumberOfThreads) {
    const Field field = reference::random_field(3000, 3, 300, 200, 12);
    const reference::Target target(300, 200, 3, 8, 13);
    const Lattice lattice = Lattice::whole(300, 200);
    set_threads(1);
    const Results alone = results_of(field, lattice, blending(), target.view());
    for (const int count : {1, 2, 3, 7}) {
        SCOPED_TRACE(testing::Message() << count << " threads");
        set_threads(count);
        const Results together = results_of(field, lattice, blending(), target.view());
        EXPECT_TRUE(reference::identical(together.image, alone.image));
        EXPECT_TRUE(reference::identical(together.loss, alone.loss));
        EXPECT_TRUE(reference::identical(together.center, alone.center));
        EXPECT_TRUE(reference::identical(together.conic, alone.conic));
        EXPECT_TRUE(reference::identical(together.feature, alone.feature));
    }
}

TEST_P(Raster, EqualsTheReferenceOnEverySimdTarget) {
    const Lattice lattice = Lattice::whole(70, 65);
    const Field field = reference::decided_field(60, 3, lattice, blending(), 14);
    reference::Target target(70, 65, 3, 8, 15);
    const auto truth = reference::to_double(project(field, lattice));
    const auto seen = reference::blended(truth, lattice, blending());
    const auto image = reference::rasterize(truth, seen, lattice, blending());
    target.keep_away(image, lattice);
    const PixelLoss loss{0.7F, 0.5F};
    const auto gradient = reference::rasterize_backward(
        truth, seen, lattice, blending(), reference::pixel_loss_backward(image, target.view(), lattice, loss));
    for (const auto simd : reference::simd_targets()) {
        SCOPED_TRACE(hwy::TargetName(simd));
        const reference::OnTarget on(simd);
        expect_reference(field, lattice, blending());
        expect_reference(reference::random_field(60, 7, 65, 63, 16), Lattice::whole(65, 63), blending());
        const Splats leaves = reference::leaves(project(field, lattice));
        rasterize_loss(leaves, bins_of(leaves, lattice, blending()), blending(), target.view(), lattice, loss)
            .backward();
        EXPECT_LT(reference::relative_error(leaves.center.grad(), gradient.center), 1e-4);
        EXPECT_LT(reference::relative_error(leaves.conic.grad(), gradient.conic), 1e-4);
        EXPECT_LT(reference::relative_error(leaves.feature.grad(), gradient.feature), 1e-4);
    }
}

/// The loss on the way equals the loss of the image, and so do the gradients.
TEST_P(Raster, LossInOnePassEqualsTheLossOfTheImage) {
    for (const auto& [channels, bits] : {std::pair{1, 8}, {3, 8}, {3, 16}, {6, 16}}) {
        SCOPED_TRACE(testing::Message() << channels << " channels, " << bits << " bits");
        const Lattice lattice{200, 129, 3, 1, 65, 63, 2};
        const Field field = reference::random_field(150, channels, 200, 129, 17);
        reference::Target target(200, 129, channels, bits, 18);
        const Splats splats = project(field, lattice);
        target.keep_away(reference::to_double(image_of(splats, lattice, blending())), lattice);
        const PixelLoss weights{0.7F, 0.5F};
        const Splats one = reference::leaves(splats);
        const Splats two = reference::leaves(splats);
        const at::Tensor fused =
            rasterize_loss(one, bins_of(one, lattice, blending()), blending(), target.view(), lattice, weights);
        const at::Tensor apart = image_loss(image_of(two, lattice, blending()), target.view(), lattice,
                                            {0, lattice.height}, {.pixel = weights});
        EXPECT_NEAR(fused.item<float>(), apart.item<float>(), 1e-6);
        fused.backward();
        apart.backward();
        EXPECT_LT(reference::relative_error(one.center.grad(), reference::to_double(two.center.grad())), 1e-5);
        EXPECT_LT(reference::relative_error(one.conic.grad(), reference::to_double(two.conic.grad())), 1e-5);
        EXPECT_LT(reference::relative_error(one.feature.grad(), reference::to_double(two.feature.grad())), 1e-5);
    }
}

TEST_P(Raster, GivesGradientsToWhateverAsksForThem) {
    const Lattice lattice = Lattice::whole(70, 40);
    const Splats splats = project(reference::random_field(50, 3, 70, 40, 19), lattice);
    const reference::Target target(70, 40, 3, 8, 20);
    const Results all = results_of(reference::random_field(50, 3, 70, 40, 19), lattice, blending(), target.view());
    const auto gradient_of = [&](at::Tensor Splats::*wanted) {
        Splats alone = splats;
        alone.*wanted = (alone.*wanted).detach().clone().set_requires_grad(true);
        const auto bins = bins_of(alone, lattice, blending());
        const at::Tensor loss = rasterize_loss(alone, bins, blending(), target.view(), lattice, {0.7F, 0.5F});
        rasterize(alone, bins, blending()).pow(2).sum().add(loss).backward();
        return (alone.*wanted).grad();
    };
    EXPECT_TRUE(reference::identical(gradient_of(&Splats::center), all.center));
    EXPECT_TRUE(reference::identical(gradient_of(&Splats::conic), all.conic));
    EXPECT_TRUE(reference::identical(gradient_of(&Splats::feature), all.feature));
}

INSTANTIATE_TEST_SUITE_P(, Raster, testing::ValuesIn(reference::blendings()),
                         [](const auto& test) { return reference::name_of(test.param); });

class RasterRefuses : public testing::Test {
protected:
    /// The splats, or the target or the lattice, after `spoil` has been at them.
    template <class Spoil>
    void expect_refused(const Spoil& spoil) {
        struct {
            Splats splats;
            std::shared_ptr<const Bins> bins;
            Blending blending;
            PackedView target;
            Lattice lattice;
        } scene{splats_, bins_, {}, target_.view(), lattice_};
        spoil(scene);
        EXPECT_THROW(rasterize_loss(scene.splats, scene.bins, scene.blending, scene.target, scene.lattice, {}), Error);
    }

    Lattice lattice_ = Lattice::whole(64, 48);
    Splats splats_ = project(reference::random_field(5, 3, 64, 48, 21), lattice_);
    std::shared_ptr<const Bins> bins_ = bins_of(splats_, lattice_, {});
    reference::Target target_{64, 48, 3, 8, 22};
};

TEST_F(RasterRefuses, SplatsThatCannotBeDrawn) {
    expect_refused([](auto& scene) { scene.splats.feature = at::Tensor(); });
    expect_refused([](auto& scene) { scene.splats.feature = scene.splats.feature.slice(0, 0, 4); });
    expect_refused([](auto& scene) { scene.splats.feature = scene.splats.feature.to(at::kDouble); });
    expect_refused([](auto& scene) { scene.splats.feature = scene.splats.feature.t().contiguous().t(); });
    for (const int channels : {0, 65}) {
        Splats splats = splats_;
        splats.feature = reference::random_tensor({5, channels}, 23);
        EXPECT_THROW(rasterize(splats, bins_, {}), Error);
    }
}

TEST_F(RasterRefuses, OtherBins) {
    expect_refused([](auto& scene) { scene.bins = nullptr; });
    expect_refused([](auto& scene) { scene.bins = bins_of(scene.splats, Lattice::whole(63, 48), {}); });
    expect_refused([](auto& scene) { scene.bins = bins_of(scene.splats, Lattice::whole(64, 49), {}); });
    expect_refused([](auto& scene) { scene.bins = bin(scene.splats, 64, Rows{40, 9}, scene.blending); });
    expect_refused([](auto& scene) { scene.blending.cutoff = 3; });
    expect_refused([](auto& scene) { scene.blending.support = Support::tile16; });
    expect_refused(
        [](auto& scene) { scene.splats = project(reference::random_field(6, 3, 64, 48, 24), scene.lattice); });
}

TEST_F(RasterRefuses, TargetsThatDoNotFit) {
    expect_refused([](auto& scene) { scene.target.channels = 1; });
    expect_refused([](auto& scene) { scene.target.height = 47; });
    expect_refused([](auto& scene) { scene.lattice.x = 1; });
    expect_refused([](auto& scene) { scene.lattice.y = -1; });
    expect_refused([](auto& scene) { scene.lattice.stride = 2; });
}

TEST_F(RasterRefuses, ANormaliserThatMayBeZero) {
    for (const Blend blend : {Blend::norm, Blend::topk_norm}) {
        expect_refused([&](auto& scene) {
            scene.blending.blend = blend;
            scene.blending.eps = 0;
        });
    }
}

TEST_F(RasterRefuses, MoreOrFewerThanCanBeChosen) {
    for (const int topk : {0, max_topk + 1}) expect_refused([&](auto& scene) { scene.blending.topk = topk; });
}

}  // namespace
}  // namespace gsfit
