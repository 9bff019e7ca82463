#include "gsfit/eval.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "gsfit/core/error.h"
#include "gsfit/core/parallel.h"
#include "gsfit/loss.h"
#include "gsfit/render.h"
#include "reference/compare.h"
#include "reference/scenes.h"
#include "unit/loss_images.h"

namespace gsfit {
namespace {

using reference::random_field;
using reference::Target;

/// The definition, on the whole image at once.
Quality whole_quality(const Field& field, const PackedView& target) {
    const Lattice whole = Lattice::whole(target.width, target.height);
    const at::Tensor image = render(field, whole, {}).clamp(0, 1);
    const auto values = reference::to_double(image);
    double squared = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
        const auto sample = static_cast<std::int64_t>(i) % whole.samples();
        const auto channel = static_cast<int>(static_cast<std::int64_t>(i) / whole.samples());
        const double error = values[i] - target.value(sample % whole.width, sample / whole.width, channel);
        squared += error * error;
    }
    return {.psnr = 10 * std::log10(static_cast<double>(values.size()) / squared),
            .ssim = reference::ssim(values, target, whole)};
}

PackedImage image_of(const Target& target) { return {target.view(), nullptr}; }

TEST(Evaluate, BandsChangeNothing) {
    for (const std::int64_t height : {20, 246, 247, 256, 257, 600}) {
        const Field field = random_field(300, 3, 50, height, 3);
        const Target target(50, height, 3, 8, 1);
        const Quality expected = whole_quality(field, target.view());
        const Quality quality = evaluate(field, {}, image_of(target));
        EXPECT_NEAR(quality.psnr, expected.psnr, 1e-4) << height << " rows";
        EXPECT_NEAR(quality.ssim, expected.ssim, 1e-6) << height << " rows";
        EXPECT_NEAR(evaluate_psnr(field, {}, image_of(target)), expected.psnr, 1e-4) << height << " rows";
    }
}

TEST(Evaluate, ClampsTheRender) {
    Field field = random_field(200, 1, 64, 48, 3);
    field.feature.mul_(3);
    const Target target(64, 48, 1, 8, 1);
    const Quality expected = whole_quality(field, target.view());
    const Quality quality = evaluate(field, {}, image_of(target));
    EXPECT_NEAR(quality.psnr, expected.psnr, 1e-4);
    EXPECT_NEAR(quality.ssim, expected.ssim, 1e-6);
    EXPECT_GT(quality.psnr, psnr(render(field, Lattice::whole(64, 48), {}), target.view()) + 1);
}

TEST(Evaluate, APerfectMatchIsInfinite) {
    Field field = random_field(10, 3, 40, 30, 3);
    field.feature.zero_();
    const std::vector<std::byte> black(3 * 40 * 30);
    const Quality quality = evaluate(field, {}, PackedImage({black.data(), 40, 30, 3, 8, 3 * 40}, nullptr));
    EXPECT_EQ(quality.psnr, std::numeric_limits<double>::infinity());
    EXPECT_EQ(quality.ssim, 1.0);
}

TEST(Evaluate, IsTheSameForAnyNumberOfThreads) {
    const Field field = random_field(500, 3, 150, 300, 3);
    const Target target(150, 300, 3, 8, 1);
    set_threads(1);
    const Quality one = evaluate(field, {}, image_of(target));
    set_threads(3);
    const Quality three = evaluate(field, {}, image_of(target));
    set_threads(0);
    EXPECT_EQ(one.psnr, three.psnr);
    EXPECT_EQ(one.ssim, three.ssim);
}

TEST(Evaluate, RefusesAnotherNumberOfChannels) {
    const Field field = random_field(10, 3, 40, 30, 3);
    const Target grey(40, 30, 1, 8, 1);
    try {
        evaluate(field, {}, image_of(grey));
        FAIL() << "took a grey image for a field of three channels";
    } catch (const Error& error) {
        EXPECT_STREQ(error.what(),
                     "The field has 3 channels and the image it is compared with 1: give an image with as many.");
    }
    EXPECT_THROW(evaluate_psnr(field, {}, image_of(grey)), Error);
}

TEST(Psnr, IsTheMeanSquaredErrorInDecibel) {
    const Target target(33, 21, 3, 16, 1);
    const at::Tensor image = noisy(target.view(), Lattice::whole(33, 21), 0).add(0.01);
    EXPECT_NEAR(psnr(image, target.view()), 40, 1e-4);
    EXPECT_EQ(psnr(noisy(target.view(), Lattice::whole(33, 21), 0), target.view()),
              std::numeric_limits<double>::infinity());
}

}  // namespace
}  // namespace gsfit
