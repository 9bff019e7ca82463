#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "gsfit/core/error.h"
#include "gsfit/core/parallel.h"
#include "gsfit/loss.h"
#include "reference/compare.h"
#include "reference/scenes.h"
#include "reference/simd_targets.h"
#include "unit/loss_images.h"

namespace gsfit {
namespace {

using reference::identical;
using reference::Target;
using reference::to_double;

double mean_ssim(const at::Tensor& image, const PackedView& target, const Lattice& lattice) {
    return ssim_sum(image, target, lattice, {0, lattice.height}) / static_cast<double>(image.numel());
}

double truth(const at::Tensor& image, const PackedView& target, const Lattice& lattice) {
    return reference::ssim(to_double(image), target, lattice);
}

struct Size {
    std::int64_t width;
    std::int64_t height;
    int channels;
    int bits;
};

class SsimSizes : public testing::TestWithParam<Size> {};

TEST_P(SsimSizes, AgreesWithReference) {
    const auto [width, height, channels, bits] = GetParam();
    const Target target(width, height, channels, bits, 1);
    const Lattice lattice = Lattice::whole(width, height);
    for (const float error : {0.02F, 0.6F}) {
        const at::Tensor image = noisy(target.view(), lattice, error);
        EXPECT_NEAR(mean_ssim(image, target.view(), lattice), truth(image, target.view(), lattice), 1e-6);
    }
}

// Smaller than the window, of one tile, and across tiles' borders.
INSTANTIATE_TEST_SUITE_P(All, SsimSizes,
                         testing::Values(Size{1, 1, 1, 8}, Size{3, 5, 3, 8}, Size{1, 40, 3, 8}, Size{40, 1, 1, 16},
                                         Size{11, 11, 4, 8}, Size{64, 64, 3, 8}, Size{65, 63, 3, 16},
                                         Size{69, 128, 1, 8}, Size{133, 70, 3, 8}, Size{37, 29, 16, 8},
                                         Size{75, 66, 4, 16}, Size{172, 9, 1, 8}, Size{173, 70, 3, 8},
                                         Size{350, 12, 4, 16}));

TEST(Ssim, ReadsTheTargetThroughTheLattice) {
    const Target target(151, 97, 3, 8, 1);
    for (const auto& lattice : {Lattice::phase(151, 97, 2, 1, 0), Lattice::phase(151, 97, 3, 2, 1),
                                Lattice{151, 97, 20, 11, 83, 71, 1}, Lattice{151, 97, 7, 9, 20, 11, 7}}) {
        const at::Tensor image = noisy(target.view(), lattice, 0.2F);
        EXPECT_NEAR(mean_ssim(image, target.view(), lattice), truth(image, target.view(), lattice), 1e-6)
            << "stride " << lattice.stride;
    }
}

TEST(Ssim, HoldsWhereTheTargetIsFlat) {
    const std::vector<std::byte> grey(90 * 70, std::byte{200});
    const PackedView target{grey.data(), 90, 70, 1, 8, 90};
    const Lattice lattice = Lattice::whole(90, 70);
    for (const float error : {1e-3F, 0.05F}) {
        const at::Tensor image = noisy(target, lattice, error);
        EXPECT_NEAR(mean_ssim(image, target, lattice), truth(image, target, lattice), 1e-5);
    }
}

TEST(Ssim, OfTheTargetItselfIsExactlyOne) {
    const Target target(90, 70, 3, 8, 1);
    const Lattice lattice = Lattice::whole(90, 70);
    const auto result = whole_loss(noisy(target.view(), lattice, 0), target.view(), lattice, only_ssim);
    EXPECT_EQ(result.value, 0.0);
    for (const double g : to_double(result.gradient)) ASSERT_EQ(g, 0.0);
}

TEST(Ssim, TellsNearlyPerfectImagesApart) {
    const Target target(90, 70, 1, 16, 1);
    const Lattice lattice = Lattice::whole(90, 70);
    const at::Tensor image = noisy(target.view(), lattice, 0.01F);
    const double expected = 1 - truth(image, target.view(), lattice);
    EXPECT_NEAR(whole_loss(image, target.view(), lattice, only_ssim).value, expected, 1e-4 * expected);
}

TEST(Ssim, IsTheSameOnEverySimdTarget) {
    const Target target(190, 81, 3, 8, 1);
    const Lattice lattice = Lattice::whole(190, 81);
    const at::Tensor image = noisy(target.view(), lattice, 0.3F);
    const LossResult best = whole_loss(image, target.view(), lattice, only_ssim);
    for (const std::int64_t simd : reference::simd_targets()) {
        const reference::OnTarget on(simd);
        const LossResult result = whole_loss(image, target.view(), lattice, only_ssim);
        EXPECT_NEAR(result.value, best.value, 1e-6) << hwy::TargetName(simd);
        EXPECT_LT(reference::relative_error(result.gradient.view({-1, 1}), to_double(best.gradient)), 1e-5)
            << hwy::TargetName(simd);
    }
}

TEST(Ssim, IsTheSameForAnyNumberOfThreads) {
    const Target target(300, 190, 3, 8, 1);
    const Lattice lattice = Lattice::whole(300, 190);
    const at::Tensor image = noisy(target.view(), lattice, 0.3F);
    set_threads(1);
    const LossResult one = whole_loss(image, target.view(), lattice, only_ssim);
    set_threads(3);
    const LossResult three = whole_loss(image, target.view(), lattice, only_ssim);
    set_threads(0);
    EXPECT_EQ(one.value, three.value);
    EXPECT_TRUE(identical(one.gradient, three.gradient));
}

TEST(Ssim, BandsAddUpToTheWhole) {
    const Target target(80, 150, 3, 8, 1);
    const Lattice lattice = Lattice::whole(80, 150);
    const at::Tensor image = noisy(target.view(), lattice, 0.3F);
    const double whole = ssim_sum(image, target.view(), lattice, {0, 150});
    EXPECT_NEAR(1 - whole / (3 * 80 * 150), whole_loss(image, target.view(), lattice, only_ssim).value, 1e-7);
    for (const std::int64_t height : {1, 3, 47, 75, 149}) {
        double sum = 0;
        for (std::int64_t first = 0; first < 150; first += height) {
            const Rows band{first, std::min(height, 150 - first)};
            const Rows rows = ssim_rows(lattice, band);
            // A copy, so that other rows cannot be read.
            const at::Tensor part = image.narrow(1, rows.first, rows.count).clone();
            sum += ssim_sum(part, target.view(), lattice, band);
        }
        EXPECT_NEAR(sum, whole, 1e-9 * whole) << "bands of " << height;
    }
}

TEST(Ssim, TakesImagesInAnyMemoryOrder) {
    const Target target(70, 66, 3, 8, 1);
    const Lattice lattice = Lattice::whole(70, 66);
    const at::Tensor image = noisy(target.view(), lattice, 0.3F);
    const at::Tensor interleaved = image.permute({1, 2, 0}).contiguous().permute({2, 0, 1});
    ASSERT_FALSE(interleaved.is_contiguous());
    const LossResult expected = whole_loss(image, target.view(), lattice, only_ssim);
    const LossResult result = whole_loss(interleaved, target.view(), lattice, only_ssim);
    EXPECT_EQ(result.value, expected.value);
    EXPECT_TRUE(identical(result.gradient.contiguous(), expected.gradient));
}

TEST(Ssim, NotANumberStaysNotANumber) {
    const Target target(100, 20, 1, 8, 1);
    const Lattice lattice = Lattice::whole(100, 20);
    const at::Tensor image = noisy(target.view(), lattice, 0.1F);
    image.mutable_data_ptr<float>()[10 * 100 + 50] = std::numeric_limits<float>::quiet_NaN();
    const LossResult result = whole_loss(image, target.view(), lattice, only_ssim);
    EXPECT_TRUE(std::isnan(result.value));
    const auto gradient = to_double(result.gradient);
    EXPECT_TRUE(std::isnan(gradient[10 * 100 + 50]));
    EXPECT_FALSE(std::isnan(gradient[10 * 100 + 50 + 11])) << "no window holds both";
}

}  // namespace
}  // namespace gsfit
