// rasterize_loss() with SSIM of blocks, its value and its gradient with respect to splats, against the double-precision
// reference that is given the same float32 splats.

#include <gtest/gtest.h>

#include <vector>

#include "gsfit/bin.h"
#include "gsfit/core/parallel.h"
#include "gsfit/project.h"
#include "gsfit/raster.h"
#include "reference/compare.h"
#include "reference/scenes.h"
#include "reference/simd_targets.h"

namespace gsfit {
namespace {

/// Relative to the largest gradient of the kind, as for the pixel losses.
constexpr double tolerance = 2e-4;
constexpr double loss_tolerance = 3e-5;

constexpr PixelLoss pixel{0, 0.1F};
constexpr float ssim = 0.3F;

struct Scene {
    Field field;
    Lattice lattice;
    Blending blending;
    int bits = 8;
};

struct Results {
    double loss = 0;
    at::Tensor center, conic, feature;
};

Results results_of(const Scene& scene, const PackedView& target, const std::vector<Rows>& bands) {
    const Splats leaves = reference::leaves(project(scene.field, scene.lattice));
    Results sum;
    for (const Rows& band : bands) {
        const auto bins = bin(leaves, scene.lattice.width, band, scene.blending);
        const at::Tensor loss = rasterize_loss(leaves, bins, scene.blending, target, scene.lattice, pixel, ssim);
        loss.backward();
        sum.loss += loss.item<double>();
    }
    sum.center = leaves.center.grad();
    sum.conic = leaves.conic.grad();
    sum.feature = leaves.feature.grad();
    return sum;
}

/// Of one band of the scene, or of all of it.
void expect_reference(const Scene& scene, const Rows& band) {
    const Lattice& lattice = scene.lattice;
    const reference::Target target(lattice.raster_width, lattice.raster_height, scene.field.channels(), scene.bits, 3);
    const auto splats = reference::to_double(project(scene.field, lattice));
    const auto seen = reference::blended(splats, lattice, scene.blending);
    const auto image = reference::rasterize(splats, seen, lattice, scene.blending);
    reference::Image to_image;
    double loss = ssim * reference::block_dissimilarity(image, target.view(), lattice, band, to_image);
    const auto of_pixels = reference::pixel_loss_backward(image, target.view(), lattice, pixel);
    for (std::int64_t i = 0; i < static_cast<std::int64_t>(image.size()); ++i) {
        const std::int64_t row = i % lattice.samples() / lattice.width;
        to_image[i] *= ssim;
        if (row < band.first || row >= band.first + band.count) continue;
        to_image[i] += of_pixels[i];
        loss += of_pixels[i] * of_pixels[i] * static_cast<double>(image.size()) / (4 * pixel.l2);
    }
    const auto truth = reference::rasterize_backward(splats, seen, lattice, scene.blending, to_image);

    const Results results = results_of(scene, target.view(), {band});
    EXPECT_NEAR(results.loss, loss, loss_tolerance * loss);
    EXPECT_LT(reference::relative_error(results.center, truth.center), tolerance);
    EXPECT_LT(reference::relative_error(results.conic, truth.conic), tolerance);
    EXPECT_LT(reference::relative_error(results.feature, truth.feature), tolerance);
}

void expect_reference(const Scene& scene) { expect_reference(scene, {0, scene.lattice.height}); }

class Similarity : public testing::TestWithParam<Blending> {
protected:
    static Scene scene(const Lattice& lattice, int channels = 3) {
        return {reference::decided_field(60, channels, lattice, GetParam(), 61), lattice, GetParam()};
    }
};

TEST_P(Similarity, EqualsTheReferenceOnEverySize) {
    for (const auto& [width, height] : {std::pair{1, 1}, {7, 3}, {64, 64}, {65, 63}, {130, 70}}) {
        SCOPED_TRACE(testing::Message() << width << " x " << height);
        expect_reference(scene(Lattice::whole(width, height)));
    }
}

TEST_P(Similarity, EqualsTheReferenceOnLatticesAndCrops) {
    for (const Lattice& lattice : {Lattice::phase(200, 129, 2, 1, 0), Lattice{200, 129, 11, 5, 33, 40, 3}}) {
        SCOPED_TRACE(testing::Message() << "stride " << lattice.stride);
        expect_reference(scene(lattice));
    }
}

TEST_P(Similarity, EqualsTheReferenceForOtherChannelsAndDepths) {
    for (const int channels : {1, 2, 4, 6}) {
        SCOPED_TRACE(channels);
        Scene other = scene(Lattice::whole(70, 40), channels);
        other.bits = 16;
        expect_reference(other);
    }
}

TEST_P(Similarity, OfABandThatCutsBlocksEqualsTheReference) {
    expect_reference(scene(Lattice::whole(70, 90)), {13, 70});
}

TEST_P(Similarity, EqualsTheReferenceOnEverySimdTarget) {
    for (const auto simd : reference::simd_targets()) {
        SCOPED_TRACE(hwy::TargetName(simd));
        const reference::OnTarget on(simd);
        expect_reference(scene(Lattice::whole(70, 65)));
    }
}

TEST_P(Similarity, OfBandsOfWholeBlocksAddsUp) {
    const Scene all = scene(Lattice::whole(150, 200));
    const reference::Target target(150, 200, 3, 8, 3);
    const Results whole = results_of(all, target.view(), {{0, 200}});
    const Results bands = results_of(all, target.view(), {{0, 128}, {128, 64}, {192, 8}});
    EXPECT_NEAR(bands.loss, whole.loss, 1e-6 * whole.loss);
    EXPECT_LT(reference::relative_error(bands.center, reference::to_double(whole.center)), 1e-5);
    EXPECT_LT(reference::relative_error(bands.conic, reference::to_double(whole.conic)), 1e-5);
    EXPECT_LT(reference::relative_error(bands.feature, reference::to_double(whole.feature)), 1e-5);
}

TEST_P(Similarity, IsTheSameBitsForAnyNumberOfThreads) {
    const Scene all = scene(Lattice::whole(200, 150));
    const reference::Target target(200, 150, 3, 8, 3);
    set_threads(1);
    const Results alone = results_of(all, target.view(), {{0, 150}});
    for (const int count : {2, 3}) {
        set_threads(count);
        const Results together = results_of(all, target.view(), {{0, 150}});
        EXPECT_EQ(together.loss, alone.loss);
        EXPECT_TRUE(reference::identical(together.center, alone.center));
        EXPECT_TRUE(reference::identical(together.conic, alone.conic));
        EXPECT_TRUE(reference::identical(together.feature, alone.feature));
    }
    set_threads(0);
}

INSTANTIATE_TEST_SUITE_P(All, Similarity, testing::ValuesIn(reference::blendings()),
                         [](const auto& test) { return reference::name_of(test.param); });

/// What a complete block left in a thread's memory must not be seen in an incomplete one.
TEST(SimilarityMemory, IsForgottenBetweenBlocks) {
    const Scene scene{reference::random_field(60, 3, 70, 65, 62), Lattice::whole(70, 65), {}};
    const reference::Target target(70, 65, 3, 8, 3);
    set_threads(1);
    const Results first = results_of(scene, target.view(), {{64, 1}});
    results_of(scene, target.view(), {{0, 64}});
    EXPECT_EQ(results_of(scene, target.view(), {{64, 1}}).loss, first.loss);
    set_threads(0);
}

}  // namespace
}  // namespace gsfit
