// Gradients of rasterize() and rasterize_loss() with respect to splats, against the double-precision reference that is
// given the same float32 splats.

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

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

/// No gradient comes from the samples that float32 may decide otherwise; these are few.
void silence(const at::Tensor& upstream, const std::vector<bool>& tied) {
    const auto samples = static_cast<std::int64_t>(tied.size());
    for (std::int64_t i = 0; i < upstream.numel(); ++i) {
        if (tied[i % samples]) upstream.data_ptr<float>()[i] = 0;
    }
    EXPECT_LE(std::count(tied.begin(), tied.end(), true), 1 + samples / 8);
}

void expect_image_gradients(const Scene& scene, double allowed) {
    const Splats leaves = reference::leaves(project(scene.field, scene.lattice));
    const at::Tensor image = rasterize(leaves, bins_of(leaves, scene), scene.blending);
    const auto splats = reference::to_double(leaves);
    const auto seen = reference::blended(splats, scene.lattice, scene.blending);
    const auto tied = reference::nearly_tied(splats, scene.lattice, scene.blending, 10 * allowed);
    const at::Tensor upstream =
        reference::random_tensor({scene.field.channels(), scene.lattice.height, scene.lattice.width}, 31);
    silence(upstream, tied);
    image.backward(upstream);

    expect_gradients(
        leaves,
        reference::rasterize_backward(splats, seen, scene.lattice, scene.blending, reference::to_double(upstream)),
        allowed);
}

void expect_loss_gradients(const Scene& scene, const PixelLoss& loss, int bits, double allowed = tolerance) {
    const Lattice& lattice = scene.lattice;
    const Splats leaves = reference::leaves(project(scene.field, lattice));
    const auto splats = reference::to_double(leaves);
    const auto seen = reference::blended(splats, lattice, scene.blending);
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

/// From a gradient of the image and from the loss. The loss of `topk_norm`, whose nearly tied samples cannot be left
/// out, has tests of its own.
class RasterGradient : public testing::TestWithParam<std::tuple<Blending, From>> {
protected:
    [[nodiscard]] static Blending blending() { return std::get<Blending>(GetParam()); }

    static void expect_reference(const Scene& scene, double allowed = tolerance) {
        if (std::get<From>(GetParam()) == From::image) {
            expect_image_gradients(scene, allowed);
        } else {
            expect_loss_gradients(scene, {0.7F, 0.5F}, 8, allowed);
        }
    }
};

TEST_P(RasterGradient, EqualsTheReferenceOnEverySize) {
    // One sample far from a small Gaussian's centre: its second moment is a difference of larger sums.
    const double allowed = blending().support == Support::tile16 ? 1e-3 : tolerance;
    const std::pair<int, int> sizes[] = {{1, 1}, {7, 3}, {64, 64}, {65, 63}, {130, 70}, {200, 129}};
    for (const auto& [width, height] : sizes) {
        SCOPED_TRACE(testing::Message() << width << " x " << height);
        const Scene scene{reference::random_field(120, 3, width, height, 41), Lattice::whole(width, height),
                          blending()};
        expect_reference(scene, allowed);
    }
}

TEST_P(RasterGradient, EqualsTheReferenceForEveryNumberOfChannels) {
    for (int channels = 1; channels <= max_channels; channels += channels < 16 ? 1 : 16) {
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
    // The topk of the others are too close to tell.
    for (std::int64_t i = 0; i < 12; ++i) {
        const double sigma = 3 + static_cast<double>(i);
        reference::reshape(scene.field, 700 * i, {10.3 + 0.1 * static_cast<double>(i), 6.6, sigma, sigma});
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

std::string name_of(const testing::TestParamInfo<RasterGradient::ParamType>& test) {
    return reference::name_of(std::get<Blending>(test.param)) +
           (std::get<From>(test.param) == From::image ? "_image" : "_loss");
}

INSTANTIATE_TEST_SUITE_P(OfImages, RasterGradient,
                         testing::Combine(testing::ValuesIn(reference::blendings()), testing::Values(From::image)),
                         name_of);

INSTANTIATE_TEST_SUITE_P(OfLosses, RasterGradient,
                         testing::Combine(testing::Values(Blending{.blend = Blend::norm}, Blending{.blend = Blend::sum},
                                                          Blending{.blend = Blend::norm, .support = Support::tile16}),
                                          testing::Values(From::loss)),
                         name_of);

TEST(RasterLossGradient, EqualsTheReferenceWhereTheTopkAreDecided) {
    const Lattice lattice = Lattice::phase(130, 150, 2, 1, 0);
    for (const Support support : {Support::ellipse, Support::tile16}) {
        for (const int topk : {1, 5, 10, 32}) {
            for (const int channels : {1, 3, 4, 5, 16, 63}) {
                SCOPED_TRACE(testing::Message() << "top " << topk << ", " << channels << " channels");
                const Blending blending{.blend = Blend::topk_norm, .topk = topk, .support = support};
                const Scene scene{reference::decided_field(60, channels, lattice, blending, 52), lattice, blending};
                expect_loss_gradients(scene, {0.7F, 0.5F}, 8);
            }
        }
    }
}

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
