// Gradients of rasterize() and rasterize_loss() with respect to splats, against the double-precision reference that is
// given the same float32 splats.

#include <gtest/gtest.h>

#include "gsfit/bin.h"
#include "gsfit/project.h"
#include "gsfit/raster.h"
#include "reference/compare.h"
#include "reference/scenes.h"

namespace gsfit {
namespace {

/// Relative to the largest gradient of the kind. A weight comes out of a recurrence of up to 32 products and a gradient
/// out of a sum over some thousand samples: 1e-4 was seen, and a sample at the cutoff that goes the other way adds 1e-4
/// of its share.
constexpr double tolerance = 2e-4;
/// The recurrence multiplies a weight by up to 32^2 / 2 factors exp(-c), each rounded alike: 500 times 6e-8.
constexpr double loss_tolerance = 3e-5;
/// q of a thin turned Gaussian is a difference of numbers a thousand times its size, so a weight is good to 1e-3 only.
constexpr double thin_tolerance = 1e-3;

struct Scene {
    Field field;
    Lattice lattice;
    Blending blending;
};

std::shared_ptr<const Bins> bins_of(const Splats& splats, const Scene& scene) {
    return bin(splats, scene.lattice.width, scene.lattice.height, scene.blending);
}

void expect_gradients(const Splats& leaves, const reference::SplatGradient& truth, double allowed) {
    EXPECT_LT(reference::relative_error(leaves.center.grad(), truth.center), allowed);
    EXPECT_LT(reference::relative_error(leaves.conic.grad(), truth.conic), allowed);
    EXPECT_LT(reference::relative_error(leaves.feature.grad(), truth.feature), allowed);
}

void expect_image_gradients(const Scene& scene, double allowed) {
    const Splats leaves = reference::leaves(project(scene.field, scene.lattice));
    const at::Tensor image = rasterize(leaves, bins_of(leaves, scene), scene.blending);
    const at::Tensor upstream =
        reference::random_tensor({scene.field.channels(), scene.lattice.height, scene.lattice.width}, 31);
    image.backward(upstream);

    const auto splats = reference::to_double(leaves);
    const auto seen = reference::support(splats, scene.lattice, scene.blending.cutoff);
    expect_gradients(
        leaves,
        reference::rasterize_backward(splats, seen, scene.lattice, scene.blending, reference::to_double(upstream)),
        allowed);
}

void expect_loss_gradients(const Scene& scene, const PixelLoss& loss, int bits, double allowed = tolerance) {
    const Lattice& lattice = scene.lattice;
    const Splats leaves = reference::leaves(project(scene.field, lattice));
    const auto splats = reference::to_double(leaves);
    const auto seen = reference::support(splats, lattice, scene.blending.cutoff);
    const auto image = reference::rasterize(splats, seen, lattice, scene.blending);
    reference::Target target(lattice.raster_width, lattice.raster_height, scene.field.channels(), bits, 32);
    target.keep_away(image, lattice);
    const double expected = reference::pixel_loss(image, target.view(), lattice, loss);
    const auto to_image = reference::pixel_loss_backward(image, target.view(), lattice, loss);

    const at::Tensor value =
        rasterize_loss(leaves, bins_of(leaves, scene), scene.blending, target.view(), lattice, loss);
    value.backward();
    EXPECT_NEAR(value.item<float>(), expected, loss_tolerance * expected);
    expect_gradients(leaves, reference::rasterize_backward(splats, seen, lattice, scene.blending, to_image), allowed);
}

enum class From { image, loss };

/// Both blends, each from a gradient of the image and from the loss.
class RasterGradient : public testing::TestWithParam<std::tuple<Blend, From>> {
protected:
    [[nodiscard]] static Blending blending() { return {.blend = std::get<Blend>(GetParam())}; }

    static void expect_reference(const Scene& scene, double allowed = tolerance) {
        if (std::get<From>(GetParam()) == From::image) {
            expect_image_gradients(scene, allowed);
        } else {
            expect_loss_gradients(scene, {0.7F, 0.5F}, 8, allowed);
        }
    }
};

TEST_P(RasterGradient, EqualsTheReferenceOnEverySize) {
    const std::pair<int, int> sizes[] = {{1, 1}, {7, 3}, {64, 64}, {65, 63}, {130, 70}, {200, 129}};
    for (const auto& [width, height] : sizes) {
        SCOPED_TRACE(testing::Message() << width << " x " << height);
        const Scene scene{reference::random_field(120, 3, width, height, 41), Lattice::whole(width, height),
                          blending()};
        expect_reference(scene);
    }
}

TEST_P(RasterGradient, EqualsTheReferenceForEveryNumberOfChannels) {
    for (int channels = 1; channels <= 16; ++channels) {
        SCOPED_TRACE(channels);
        const Scene scene{reference::random_field(60, channels, 70, 40, 42), Lattice::whole(70, 40), blending()};
        expect_reference(scene);
    }
}

TEST_P(RasterGradient, EqualsTheReferenceOnLatticesAndCrops) {
    for (const Lattice& lattice :
         {Lattice::phase(200, 129, 2, 1, 0), Lattice::phase(200, 129, 3, 2, 1), Lattice::phase(200, 129, 8, 5, 7),
          Lattice{200, 129, 31, 17, 90, 66, 1}, Lattice{200, 129, 11, 5, 33, 40, 3}}) {
        SCOPED_TRACE(testing::Message() << "stride " << lattice.stride << ", from " << lattice.x << ", " << lattice.y);
        const Scene scene{reference::random_field(150, 3, 200, 129, 43), lattice, blending()};
        expect_reference(scene);
    }
}

TEST_P(RasterGradient, EqualsTheReferenceForAwkwardGaussians) {
    const Scene scene{reference::awkward_field(80, 3, 130, 97, 45), Lattice::whole(130, 97), blending()};
    expect_reference(scene, thin_tolerance);
}

TEST_P(RasterGradient, EqualsTheReferenceForThinTurnedGaussians) {
    Scene scene{reference::random_field(60, 3, 200, 129, 46), Lattice::whole(200, 129), blending()};
    for (std::int64_t i = 0; i < 12; ++i) {
        const auto angle = 0.13 + 0.26 * static_cast<double>(i);
        reference::reshape(scene.field, i, {100.0 + 3.0 * static_cast<double>(i), 60, 0.3, 100, angle});
    }
    expect_reference(scene, thin_tolerance);
}

TEST_P(RasterGradient, EqualsTheReferenceForTenThousandGaussiansOnOnePixel) {
    Scene scene{reference::random_field(10000, 3, 20, 12, 47), Lattice::whole(20, 12), blending()};
    for (std::int64_t i = 0; i < 10000; ++i) {
        reference::reshape(scene.field, i, {10.3, 6.6, 0.4 + 1e-4 * static_cast<double>(i), 0.6, 0.3});
    }
    expect_reference(scene);
}

TEST_P(RasterGradient, IsZeroForDegenerateGaussians) {
    const Scene scene{reference::degenerate_field(60, 3, 70, 40, 48), Lattice::whole(70, 40), blending()};
    expect_reference(scene);
}

TEST_P(RasterGradient, IsZeroWhereNothingIsSeen) {
    Scene scene{reference::random_field(3, 3, 70, 40, 49), Lattice::whole(70, 40), blending()};
    for (std::int64_t i = 0; i < 3; ++i) reference::reshape(scene.field, i, {-500, -500, 2, 2});
    expect_reference(scene);
}

INSTANTIATE_TEST_SUITE_P(, RasterGradient,
                         testing::Combine(testing::Values(Blend::norm, Blend::sum),
                                          testing::Values(From::image, From::loss)),
                         [](const auto& test) {
                             return std::string(std::get<Blend>(test.param) == Blend::norm ? "norm" : "sum") +
                                    (std::get<From>(test.param) == From::image ? "_image" : "_loss");
                         });

TEST(RasterLossGradient, EqualsTheReferenceForEveryLossAndDepth) {
    for (const Blend blend : {Blend::norm, Blend::sum}) {
        const Scene scene{reference::random_field(150, 3, 130, 70, 44), Lattice::whole(130, 70), {.blend = blend}};
        for (const int bits : {8, 16}) {
            for (const PixelLoss& loss : {PixelLoss{1, 0}, PixelLoss{0, 1}, PixelLoss{0.7F, 0.5F}}) {
                SCOPED_TRACE(testing::Message() << bits << " bits, L1 " << loss.l1 << ", L2 " << loss.l2);
                expect_loss_gradients(scene, loss, bits);
            }
        }
    }
}

TEST(RasterLossGradient, GrowsWithTheGradientOfTheLoss) {
    const Scene scene{reference::random_field(150, 3, 130, 70, 50), Lattice::whole(130, 70), {}};
    const reference::Target target(130, 70, 3, 8, 51);
    const auto gradients = [&](float factor) {
        const Splats leaves = reference::leaves(project(scene.field, scene.lattice));
        rasterize_loss(leaves, bins_of(leaves, scene), scene.blending, target.view(), scene.lattice, {0.7F, 0.5F})
            .mul(factor)
            .backward();
        return leaves;
    };
    const Splats once = gradients(1);
    const Splats scaled = gradients(-8);
    EXPECT_TRUE(reference::identical(scaled.center.grad(), once.center.grad().mul(-8)));
    EXPECT_TRUE(reference::identical(scaled.conic.grad(), once.conic.grad().mul(-8)));
    EXPECT_TRUE(reference::identical(scaled.feature.grad(), once.feature.grad().mul(-8)));
}

}  // namespace
}  // namespace gsfit
