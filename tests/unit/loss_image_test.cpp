#include <c10/core/CPUAllocator.h>
#include <c10/util/ThreadLocalDebugInfo.h>
#include <gtest/gtest.h>

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
using reference::relative_error;
using reference::Target;
using reference::to_double;

constexpr ImageLoss mixed{.pixel = {0.7F, 0.4F}, .ssim = 0.3F};

void expect_reference(const Target& target, const Lattice& lattice, const PixelLoss& loss) {
    const at::Tensor image = noisy(target.view(), lattice, 0.3F);
    const LossResult result = whole_loss(image, target.view(), lattice, {.pixel = loss}, -3);
    const auto expected = reference::pixel_loss(to_double(image), target.view(), lattice, loss);
    auto gradient = reference::pixel_loss_backward(to_double(image), target.view(), lattice, loss);
    for (double& g : gradient) g *= -3;
    EXPECT_NEAR(result.value, expected, 1e-6 * expected);
    EXPECT_LT(relative_error(result.gradient.view({-1, 1}), gradient), 1e-6);
}

TEST(ImageLoss, PixelTermsAgreeWithReference) {
    for (const int channels : {1, 3, 4, 16, 64}) {
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

TEST(ImageLoss, PixelTermsAgreeWithReferenceOnEverySimdTarget) {
    const Target target(77, 31, 3, 8, 1);
    for (const std::int64_t simd : reference::simd_targets()) {
        SCOPED_TRACE(hwy::TargetName(simd));
        const reference::OnTarget on(simd);
        expect_reference(target, Lattice::whole(77, 31), {0.7F, 0.4F});
    }
}

TEST(ImageLoss, IsTheSumOfItsTerms) {
    const Target target(150, 80, 3, 8, 1);
    const Lattice lattice = Lattice::whole(150, 80);
    const at::Tensor image = noisy(target.view(), lattice, 0.3F);
    const LossResult all = whole_loss(image, target.view(), lattice, mixed);
    const LossResult pixels = whole_loss(image, target.view(), lattice, {.pixel = mixed.pixel});
    const LossResult structure = whole_loss(image, target.view(), lattice, {.pixel = {0, 0}, .ssim = mixed.ssim});
    EXPECT_NEAR(all.value, pixels.value + structure.value, 1e-6 * all.value);
    const auto sum = to_double(pixels.gradient.add(structure.gradient));
    EXPECT_LT(relative_error(all.gradient.view({-1, 1}), sum), 1e-6);
}

TEST(ImageLoss, VanishesWithItsGradientAtTheTarget) {
    const Target target(50, 40, 3, 16, 1);
    const Lattice lattice = Lattice::whole(50, 40);
    const at::Tensor image = noisy(target.view(), lattice, 0);
    const LossResult result = whole_loss(image, target.view(), lattice, mixed);
    EXPECT_EQ(result.value, 0);
    for (const double g : to_double(result.gradient)) ASSERT_EQ(g, 0);
    EXPECT_EQ(squared_error(image, target.view(), lattice), 0);
}

struct Case {
    std::int64_t height;
    int channels;
    int bits;
    std::int64_t stride;
};

class ImageLossBands : public testing::TestWithParam<Case> {};

TEST_P(ImageLossBands, SumToTheWhole) {
    const auto [height, channels, bits, stride] = GetParam();
    const Target target(150, height, channels, bits, 1);
    const Lattice lattice = Lattice::phase(150, height, stride, stride - 1, 0);
    const at::Tensor image = noisy(target.view(), lattice, 0.3F);
    for (const ImageLoss& loss : {mixed, only_ssim, ImageLoss{.pixel = {0.7F, 0.4F}}}) {
        const LossResult whole = whole_loss(image, target.view(), lattice, loss);
        const auto gradient = to_double(whole.gradient);
        for (const std::int64_t bands : {1, 2, 7}) {
            const std::int64_t rows = (lattice.height + bands - 1) / bands;
            SCOPED_TRACE(testing::Message() << bands << " bands of " << rows << ", SSIM " << loss.ssim);
            const LossResult sum = banded_loss(image, target.view(), lattice, loss, rows);
            EXPECT_NEAR(sum.value, whole.value, 1e-6 * whole.value);
            EXPECT_LT(relative_error(sum.gradient.view({-1, 1}), gradient), 1e-5);
            const LossResult again = banded_loss(image, target.view(), lattice, loss, rows);
            EXPECT_EQ(sum.value, again.value);
            EXPECT_TRUE(identical(sum.gradient, again.gradient));
        }
    }
}

// Heights that 2 and 7 do not divide; 19 makes bands shorter than the halo: 3 rows, the last of 1.
INSTANTIATE_TEST_SUITE_P(All, ImageLossBands,
                         testing::Values(Case{19, 3, 8, 1}, Case{151, 1, 8, 1}, Case{151, 3, 16, 1}, Case{75, 5, 8, 1},
                                         Case{149, 3, 8, 2}, Case{100, 5, 16, 3}));

TEST(ImageLoss, OfABandIsTheSameForAnyNumberOfThreads) {
    const Target target(300, 190, 3, 8, 1);
    const Lattice lattice = Lattice::whole(300, 190);
    const at::Tensor image = noisy(target.view(), lattice, 0.3F);
    for (const at::ScalarType dtype : {at::kFloat, at::kHalf}) {
        const at::Tensor given = image.to(dtype);
        set_threads(1);
        const LossResult one = banded_loss(given, target.view(), lattice, mixed, 97);
        const double squared = squared_error(given, target.view(), lattice);
        for (const int threads : {2, 3}) {
            set_threads(threads);
            const LossResult more = banded_loss(given, target.view(), lattice, mixed, 97);
            EXPECT_EQ(one.value, more.value);
            EXPECT_TRUE(identical(one.gradient, more.gradient));
            EXPECT_EQ(squared, squared_error(given, target.view(), lattice));
        }
        set_threads(0);
    }
}

/// A half image is read exactly, and its gradient is the float one rounded once, after it was scaled.
void expect_rounded(const Target& target, const Lattice& lattice, double scale) {
    const at::Tensor half = noisy(target.view(), lattice, 0.3F).to(at::kHalf);
    const LossResult result = whole_loss(half, target.view(), lattice, mixed, scale);
    const LossResult expected = whole_loss(half.to(at::kFloat), target.view(), lattice, mixed, scale);
    EXPECT_EQ(result.value, expected.value);
    ASSERT_EQ(result.gradient.scalar_type(), at::kHalf);
    EXPECT_TRUE(identical(result.gradient.to(at::kFloat), expected.gradient.to(at::kHalf).to(at::kFloat)));
}

TEST(ImageLossInHalf, RoundsTheGradientOnce) {
    const Lattice lattice = Lattice::whole(151, 97);
    for (const std::int64_t simd : reference::simd_targets()) {
        SCOPED_TRACE(hwy::TargetName(simd));
        const reference::OnTarget on(simd);
        for (const double scale : {1.0, 65536.0, 0x1p29, -0x1p40}) {
            expect_rounded(Target(151, 97, 3, 8, 1), lattice, scale);
        }
        expect_rounded(Target(151, 97, 1, 16, 1), Lattice::phase(151, 97, 3, 2, 1), 65536);
    }
}

TEST(ImageLossInHalf, IsCloseToFloat) {
    const Target target(150, 151, 3, 8, 1);
    const Lattice lattice = Lattice::whole(150, 151);
    const at::Tensor image = noisy(target.view(), lattice, 0.3F);
    const ImageLoss l1{.pixel = {1, 0}};
    // Values below 2 are rounded by 2^-11 at most.
    EXPECT_NEAR(whole_loss(image.to(at::kHalf), target.view(), lattice, l1).value,
                whole_loss(image, target.view(), lattice, l1).value, 0x1p-11);
    // Rounding the image turns signs of L1 where it nearly meets the target, so the gradient is compared without.
    const ImageLoss smooth{.pixel = {0, 0.4F}, .ssim = 0.3F};
    const LossResult full = whole_loss(image, target.view(), lattice, smooth, 65536);
    for (const std::int64_t rows : {151, 22}) {
        const LossResult half = banded_loss(image.to(at::kHalf), target.view(), lattice, smooth, rows, 65536);
        EXPECT_NEAR(half.value, full.value, 0x1p-11 * full.value);
        // Rounding of the image, then of the gradient.
        EXPECT_LT(relative_error(half.gradient.view({-1, 1}), to_double(full.gradient)), 0x1p-9);
    }
}

TEST(ImageLossInHalf, GradientsThatOverflowBecomeInfinite) {
    const Target target(20, 10, 3, 8, 1);
    const Lattice lattice = Lattice::whole(20, 10);
    const at::Tensor image = noisy(target.view(), lattice, 0.3F).to(at::kHalf);
    const LossResult result = whole_loss(image, target.view(), lattice, {.pixel = {1, 0}}, 0x1p40);
    EXPECT_TRUE(std::isfinite(result.value));
    for (const double g : to_double(result.gradient.to(at::kFloat))) ASSERT_TRUE(std::isinf(g));
}

TEST(ImageLoss, TakesAPartOfALargerImageInPlace) {
    const Target target(133, 70, 3, 8, 1);
    const Lattice lattice = Lattice::whole(133, 70);
    const at::Tensor image = noisy(target.view(), lattice, 0.3F);
    for (const at::ScalarType dtype : {at::kFloat, at::kHalf}) {
        const at::Tensor larger = at::zeros({3, 90, 140}, at::TensorOptions().dtype(dtype));
        const at::Tensor part = larger.narrow(1, 11, 70).narrow(2, 3, 133);
        part.copy_(image);
        const LossResult expected = whole_loss(image.to(dtype), target.view(), lattice, mixed);
        const LossResult result = whole_loss(part, target.view(), lattice, mixed);
        EXPECT_EQ(result.value, expected.value);
        EXPECT_TRUE(identical(result.gradient.to(at::kFloat).contiguous(), expected.gradient.to(at::kFloat)));
    }
}

/// Most bytes of tensors that were alive at once since this began, beside those from before.
class PeakBytes : public c10::MemoryReportingInfoBase {
public:
    void reportMemoryUsage(void*, std::int64_t size, std::size_t, std::size_t, c10::Device) override {
        now_ += size;
        most = std::max(most, now_);
    }
    [[nodiscard]] bool memoryProfilingEnabled() const override { return true; }
    std::int64_t most = 0;

private:
    std::int64_t now_ = 0;
};

TEST(ImageLoss, MakesTheGradientAndNothingElseOfTheImagesSize) {
    const Target target(300, 200, 3, 8, 1);
    const Lattice lattice = Lattice::whole(300, 200);
    const Rows band{50, 100};
    for (const at::ScalarType dtype : {at::kFloat, at::kHalf}) {
        const at::Tensor leaf = noisy(target.view(), lattice, 0.3F).narrow(1, 45, 110).to(dtype).clone();
        leaf.set_requires_grad(true);
        const auto peak = std::make_shared<PeakBytes>();
        {
            const c10::DebugInfoGuard guard(c10::DebugInfoKind::PROFILER_STATE, peak);
            image_loss(leaf, target.view(), lattice, band, mixed).backward();
        }
        const std::int64_t bytes = image_loss_bytes(3, 110, 300, dtype);
        EXPECT_EQ(bytes, static_cast<std::int64_t>(leaf.grad().nbytes()));
        EXPECT_GE(peak->most, bytes);
        EXPECT_LT(peak->most, bytes + 1024);
    }
}

TEST(ImageLoss, NotANumberStaysNotANumber) {
    const Target target(20, 10, 1, 8, 1);
    const Lattice lattice = Lattice::whole(20, 10);
    const at::Tensor image = noisy(target.view(), lattice, 0.1F);
    image.mutable_data_ptr<float>()[5] = std::numeric_limits<float>::quiet_NaN();
    for (const at::ScalarType dtype : {at::kFloat, at::kHalf}) {
        for (const ImageLoss& loss : {ImageLoss{.pixel = {1, 0}}, ImageLoss{.pixel = {0, 1}}, only_ssim}) {
            const LossResult result = whole_loss(image.to(dtype), target.view(), lattice, loss, 0x1p40);
            EXPECT_TRUE(std::isnan(result.value));
            EXPECT_TRUE(std::isnan(to_double(result.gradient.to(at::kFloat))[5]));
        }
    }
}

TEST(ImageLoss, SquaredErrorTakesAPartOfAnImageInPlace) {
    const Target target(60, 40, 3, 8, 1);
    const Lattice lattice = Lattice::whole(60, 40);
    const at::Tensor image = noisy(target.view(), lattice, 0.3F);
    const double parts = squared_error(image.narrow(1, 0, 13), target.view(), lattice.band({0, 13})) +
                         squared_error(image.narrow(1, 13, 27), target.view(), lattice.band({13, 27}));
    const double whole = squared_error(image, target.view(), lattice);
    EXPECT_NEAR(parts, whole, 1e-8 * whole);
}

TEST(ImageLoss, RefusesWhatDoesNotFit) {
    const Target target(30, 20, 3, 8, 1);
    const Lattice lattice = Lattice::whole(30, 20);
    const at::Tensor image = noisy(target.view(), lattice, 0.1F);
    const auto sentence = [&](const at::Tensor& given, const Lattice& on, const Rows& band,
                              const PackedView& with) -> std::string {
        try {
            image_loss(given, with, on, band, mixed);
        } catch (const Error& error) {
            return error.what();
        }
        return "";
    };
    const Rows all{0, 20};
    EXPECT_EQ(sentence(image.to(at::kDouble), lattice, all, target.view()),
              "image_loss() needs a float32 or float16 image [C,h,w], not Double [3, 20, 30].");
    EXPECT_EQ(sentence(at::Tensor(), lattice, all, target.view()),
              "image_loss() needs a float32 or float16 image [C,h,w], not none.");
    EXPECT_EQ(sentence(image.narrow(1, 0, 19), lattice, all, target.view()),
              "image_loss() needs an image of shape [3, 20, 30], not [3, 19, 30].");
    EXPECT_EQ(sentence(image, lattice, {0, 10}, target.view()),
              "image_loss() needs an image of shape [3, 15, 30], not [3, 20, 30].");
    for (const Rows& band : {Rows{-1, 5}, Rows{5, 16}, Rows{0, -1}}) {
        EXPECT_EQ(sentence(image, lattice, band, target.view()),
                  "image_loss() was given a band that reaches outside its lattice.");
    }
    for (const Lattice& outside :
         {Lattice{30, 20, 1, 0, 30, 20, 1}, Lattice{30, 20, 0, 0, 30, 20, 2}, Lattice{31, 20, 0, 0, 30, 20, 1},
          Lattice{30, 20, -1, 0, 30, 20, 1}, Lattice{30, 20, 0, 0, 30, 20, 0}}) {
        EXPECT_EQ(sentence(image, outside, all, target.view()),
                  "image_loss() was given a lattice that does not lie inside the target of 30 x 20 pixels.");
    }
    PackedView many = target.view();
    many.channels = 65;
    EXPECT_EQ(sentence(image, lattice, all, many),
              "image_loss() compares with 1 to 64 channels of 8 or 16 bit, not with 65 of 8 bit.");
    EXPECT_THROW(ssim_sum(image, target.view(), lattice, {5, 16}), Error);
    EXPECT_THROW(squared_error(image, target.view(), Lattice::phase(30, 20, 2, 0, 0)), Error);
}

TEST(ImageLoss, RefusesASecondDerivative) {
    const Target target(30, 20, 3, 8, 1);
    const Lattice lattice = Lattice::whole(30, 20);
    const at::Tensor image = noisy(target.view(), lattice, 0.1F).set_requires_grad(true);
    const at::Tensor value = image_loss(image, target.view(), lattice, {0, 20}, mixed);
    EXPECT_THROW(value.backward({}, true, true), Error);
}

TEST(ImageLoss, GivesTheGradientThatItKeptOnce) {
    const Target target(30, 20, 3, 8, 1);
    const at::Tensor image = noisy(target.view(), Lattice::whole(30, 20), 0.1F).set_requires_grad(true);
    const at::Tensor value = image_loss(image, target.view(), Lattice::whole(30, 20), {0, 20}, mixed);
    value.backward({}, true);
    EXPECT_THROW(value.backward(), Error);
}

TEST(ImageLoss, IsTheSameWithoutAGradient) {
    const Target target(190, 81, 3, 8, 1);
    const Lattice lattice = Lattice::whole(190, 81);
    const at::Tensor image = noisy(target.view(), lattice, 0.3F);
    const at::Tensor value = image_loss(image, target.view(), lattice, {0, 81}, mixed);
    EXPECT_FALSE(value.requires_grad());
    EXPECT_EQ(value.item<double>(), whole_loss(image, target.view(), lattice, mixed).value);
}

}  // namespace
}  // namespace gsfit
