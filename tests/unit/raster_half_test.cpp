// Images and gradients in float16.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "gsfit/bin.h"
#include "gsfit/core/error.h"
#include "gsfit/project.h"
#include "gsfit/raster.h"
#include "reference/compare.h"
#include "reference/scenes.h"
#include "reference/simd_targets.h"

namespace gsfit {
namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float nan = std::numeric_limits<float>::quiet_NaN();

const Lattice lattice = Lattice::whole(130, 97);

Splats some_splats(int channels, float largest = 1) {
    Splats splats = project(reference::random_field(150, channels, 130, 97, 1), lattice);
    splats.feature.mul_(largest);
    return splats;
}

at::Tensor image_of(const Splats& splats, const Blending& blending, at::ScalarType type) {
    return rasterize(splats, bin(splats, lattice.width, lattice.height, blending), blending, type);
}

/// Splats with the gradients that such a gradient of their image gives them.
Splats differentiated(const Splats& splats, const Blending& blending, const at::Tensor& gradient) {
    Splats leaves = reference::leaves(splats);
    image_of(leaves, blending, gradient.scalar_type()).backward(gradient);
    return leaves;
}

class RasterHalf : public testing::TestWithParam<Blending> {
protected:
    [[nodiscard]] static Blending blending() { return GetParam(); }
};

TEST_P(RasterHalf, IsTheImageRounded) {
    for (const int channels : {1, 3, 6}) {
        for (const auto target : reference::simd_targets()) {
            SCOPED_TRACE(testing::Message() << channels << " channels, " << hwy::TargetName(target));
            const reference::OnTarget on(target);
            const Splats splats = some_splats(channels);
            const at::Tensor half = image_of(splats, blending(), at::kHalf);
            EXPECT_EQ(half.scalar_type(), at::kHalf);
            const at::Tensor rounded = image_of(splats, blending(), at::kFloat).to(at::kHalf);
            EXPECT_TRUE(reference::identical(half.to(at::kFloat), rounded.to(at::kFloat)));
        }
    }
}

/// Only the normaliser's part, -v out / D, reads the image, which is good to half a unit in the 11th bit, 2^-11. It
/// goes into a difference f - out that is up to four times smaller than out.
TEST_P(RasterHalf, GradientsAreThoseOfTheFloatImage) {
    const double allowed = 4 * std::ldexp(1, -11);
    for (const int channels : {1, 3, 6}) {
        for (const auto target : reference::simd_targets()) {
            SCOPED_TRACE(testing::Message() << channels << " channels, " << hwy::TargetName(target));
            const reference::OnTarget on(target);
            const Splats splats = some_splats(channels);
            const at::Tensor gradient = reference::random_tensor({channels, 97, 130}, 2).to(at::kHalf);
            const Splats half = differentiated(splats, blending(), gradient);
            const Splats full = differentiated(splats, blending(), gradient.to(at::kFloat));
            EXPECT_TRUE(reference::identical(half.feature.grad(), full.feature.grad()));
            const double limit = blending().blend != Blend::sum ? allowed : std::numeric_limits<double>::min();
            EXPECT_LT(reference::relative_error(half.center.grad(), reference::to_double(full.center.grad())), limit);
            EXPECT_LT(reference::relative_error(half.conic.grad(), reference::to_double(full.conic.grad())), limit);
        }
    }
}

bool all_finite(const at::Tensor& tensor) {
    const auto values = reference::to_double(tensor);
    return std::all_of(values.begin(), values.end(), [](double value) { return std::isfinite(value); });
}

bool none_finite(const at::Tensor& tensor) {
    const auto values = reference::to_double(tensor);
    return std::none_of(values.begin(), values.end(), [](double value) { return std::isfinite(value); });
}

/// A value that is not finite in one sample's gradient spoils the gradients of all splats seen there, and of none that
/// share no block with it.
TEST_P(RasterHalf, WhatIsNotFiniteReachesTheSplats) {
    constexpr std::int64_t row = 10;
    constexpr std::int64_t column = 20;
    const Splats splats = some_splats(3);
    const auto seen = reference::support(reference::to_double(splats), lattice,
                                         blending().cutoff - 1e-3)[row * lattice.width + column];
    ASSERT_GT(seen.size(), 5U);
    for (const auto target : reference::simd_targets()) {
        for (const auto type : {at::kFloat, at::kHalf}) {
            for (const float value : {infinity, -infinity, nan}) {
                SCOPED_TRACE(testing::Message()
                             << hwy::TargetName(target) << ", " << at::toString(type) << ", " << value);
                const reference::OnTarget on(target);
                at::Tensor gradient = reference::random_tensor({3, 97, 130}, 3);
                for (int c = 0; c < 3; ++c) gradient.select(0, c).select(0, row).select(0, column).fill_(value);
                const Splats spoilt = differentiated(splats, blending(), gradient.to(type));
                for (const auto i : seen) {
                    EXPECT_TRUE(none_finite(spoilt.center.grad().select(0, i))) << "splat " << i;
                    EXPECT_TRUE(none_finite(spoilt.conic.grad().select(0, i))) << "splat " << i;
                    EXPECT_TRUE(none_finite(spoilt.feature.grad().select(0, i))) << "splat " << i;
                }
                const auto bins = bin(splats, lattice.width, lattice.height, blending());
                for (std::int64_t i = 0; i < splats.center.size(0); ++i) {
                    const auto* first = bins->entries.data() + bins->blocks[0];
                    const auto* last = bins->entries.data() + bins->blocks[1];
                    if (std::any_of(first, last, [&](const BinEntry& entry) { return entry.splat == i; })) continue;
                    EXPECT_TRUE(all_finite(spoilt.center.grad().select(0, i))) << "splat " << i;
                }
            }
        }
    }
}

/// What a loss makes of an image whose values are beyond 65504.
TEST_P(RasterHalf, AnOverflowOfTheImageReachesTheGradients) {
    for (const auto target : reference::simd_targets()) {
        SCOPED_TRACE(hwy::TargetName(target));
        const reference::OnTarget on(target);
        const Splats leaves = reference::leaves(some_splats(3, 1e6F));
        const at::Tensor image = image_of(leaves, blending(), at::kHalf);
        EXPECT_EQ(image.to(at::kFloat).max().item<float>(), infinity);
        image.to(at::kFloat).pow(2).mean().backward();
        EXPECT_FALSE(all_finite(leaves.center.grad()));
        EXPECT_FALSE(all_finite(leaves.conic.grad()));
        EXPECT_FALSE(all_finite(leaves.feature.grad()));
    }
}

/// The image is finite, its gradient is not: what the scaling of a loss provokes.
TEST_P(RasterHalf, AnOverflowOfItsGradientReachesTheGradients) {
    const Splats leaves = reference::leaves(some_splats(3));
    const at::Tensor image = image_of(leaves, blending(), at::kHalf);
    image.to(at::kFloat).pow(2).sum().mul(1e6F).backward();
    EXPECT_FALSE(all_finite(leaves.center.grad()));
    EXPECT_FALSE(all_finite(leaves.feature.grad()));
}

INSTANTIATE_TEST_SUITE_P(, RasterHalf, testing::ValuesIn(reference::blendings()),
                         [](const auto& test) { return reference::name_of(test.param); });

TEST(RasterTypes, OthersAreRefused) {
    EXPECT_THROW(image_of(some_splats(3), {}, at::kDouble), Error);
    EXPECT_THROW(image_of(some_splats(3), {}, at::kBFloat16), Error);
}

}  // namespace
}  // namespace gsfit
