#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "gsfit/core/error.h"
#include "gsfit/core/parallel.h"
#include "gsfit/loss.h"
#include "reference/compare.h"
#include "reference/scenes.h"
#include "reference/simd_targets.h"
#include "unit/loss_images.h"

namespace gsfit {
namespace {

using reference::Target;
using reference::to_double;

void expect_reference(const Target& target, const Lattice& lattice, const PixelLoss& loss) {
    const at::Tensor image = noisy(target.view(), lattice, 0.3F).set_requires_grad(true);
    const at::Tensor value = pixel_loss(image, target.view(), lattice, loss);
    value.mul(-3).backward();
    const auto expected = reference::pixel_loss(to_double(image), target.view(), lattice, loss);
    auto gradient = reference::pixel_loss_backward(to_double(image), target.view(), lattice, loss);
    for (double& g : gradient) g *= -3;
    EXPECT_NEAR(value.item<double>(), expected, 1e-6 * expected);
    EXPECT_LT(reference::relative_error(image.grad().view({-1, 1}), gradient), 1e-6);
}

TEST(PixelLoss, AgreesWithReference) {
    for (const int channels : {1, 3, 4, 16}) {
        for (const int bits : {8, 16}) {
            const Target target(77, 31, channels, bits, 1);
            for (const PixelLoss& loss : {PixelLoss{1, 0}, PixelLoss{0, 1}, PixelLoss{0.7F, 0.4F}}) {
                expect_reference(target, Lattice::whole(77, 31), loss);
            }
            expect_reference(target, Lattice::phase(77, 31, 3, 2, 1), {0.7F, 0.4F});
        }
    }
    expect_reference(Target(1100, 3, 3, 8, 1), Lattice::whole(1100, 3), {0.7F, 0.4F});
    expect_reference(Target(1, 1, 1, 8, 1), Lattice::whole(1, 1), {0.7F, 0.4F});
}

TEST(PixelLoss, AgreesWithReferenceOnEverySimdTarget) {
    const Target target(77, 31, 3, 8, 1);
    for (const std::int64_t simd : reference::simd_targets()) {
        SCOPED_TRACE(hwy::TargetName(simd));
        const reference::OnTarget on(simd);
        expect_reference(target, Lattice::whole(77, 31), {0.7F, 0.4F});
    }
}

TEST(PixelLoss, VanishesWithItsGradientAtTheTarget) {
    const Target target(50, 40, 3, 16, 1);
    const Lattice lattice = Lattice::whole(50, 40);
    const at::Tensor image = noisy(target.view(), lattice, 0).set_requires_grad(true);
    const at::Tensor value = pixel_loss(image, target.view(), lattice, {1, 1});
    value.backward();
    EXPECT_EQ(value.item<float>(), 0);
    for (const double g : to_double(image.grad())) ASSERT_EQ(g, 0);
    EXPECT_EQ(squared_error(image, target.view(), lattice), 0);
}

TEST(PixelLoss, IsTheSameForAnyNumberOfThreads) {
    const Target target(700, 300, 3, 8, 1);
    const Lattice lattice = Lattice::whole(700, 300);
    const at::Tensor image = noisy(target.view(), lattice, 0.3F);
    set_threads(1);
    const double one = squared_error(image, target.view(), lattice);
    set_threads(3);
    const double three = squared_error(image, target.view(), lattice);
    set_threads(0);
    EXPECT_EQ(one, three);
    EXPECT_GT(one, 0);
}

TEST(PixelLoss, SquaredErrorTakesAPartOfAnImageInPlace) {
    const Target target(60, 40, 3, 8, 1);
    const Lattice lattice = Lattice::whole(60, 40);
    const at::Tensor image = noisy(target.view(), lattice, 0.3F);
    const double parts = squared_error(image.narrow(1, 0, 13), target.view(), lattice.band({0, 13})) +
                         squared_error(image.narrow(1, 13, 27), target.view(), lattice.band({13, 27}));
    const double whole = squared_error(image, target.view(), lattice);
    EXPECT_NEAR(parts, whole, 1e-9 * whole);
}

TEST(PixelLoss, NotANumberStaysNotANumber) {
    const Target target(20, 10, 1, 8, 1);
    const Lattice lattice = Lattice::whole(20, 10);
    const at::Tensor image = noisy(target.view(), lattice, 0.1F);
    image.mutable_data_ptr<float>()[5] = std::numeric_limits<float>::quiet_NaN();
    image.set_requires_grad(true);
    const at::Tensor value = pixel_loss(image, target.view(), lattice, {1, 0});
    value.backward();
    EXPECT_TRUE(std::isnan(value.item<float>()));
    EXPECT_TRUE(std::isnan(to_double(image.grad())[5]));
}

TEST(PixelLoss, RefusesWhatDoesNotFit) {
    const Target target(20, 10, 1, 8, 1);
    const Lattice lattice = Lattice::whole(20, 10);
    const at::Tensor image = noisy(target.view(), lattice, 0.1F);
    EXPECT_THROW(pixel_loss(image.narrow(2, 0, 19), target.view(), lattice, {}), Error);
    EXPECT_THROW(squared_error(image, target.view(), Lattice::phase(20, 10, 2, 0, 0)), Error);
    PackedView many = target.view();
    many.channels = 17;
    EXPECT_THROW(pixel_loss(image, many, lattice, {}), Error);
    const at::Tensor leaf = image.clone().set_requires_grad(true);
    const at::Tensor value = pixel_loss(leaf, target.view(), lattice, {});
    EXPECT_THROW(value.backward({}, true, true), Error);
}

}  // namespace
}  // namespace gsfit
