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

/// Channels [first, first + count) of a field.
Field part_of(const Field& field, std::int64_t first, std::int64_t count) {
    Field part = field;
    part.feature = field.feature.narrow(1, first, count).contiguous();
    return part;
}

TEST(Evaluate, MeasuresEveryMapOfAStack) {
    for (const int bits : {8, 16}) {
        const Field field = random_field(300, 5, 50, 300, 3);
        const Target target(50, 300, 5, bits, 1);
        const ImageMaps maps{{.name = "a"}, {.name = "b", .first = 1, .channels = 3}, {.name = "c", .first = 4}};
        const Quality quality = evaluate(field, {}, image_of(target).with_maps(maps));
        const Quality together = evaluate(field, {}, image_of(target).with_maps({{.channels = 5}}));
        EXPECT_NEAR(quality.psnr, together.psnr, 1e-9);
        EXPECT_NEAR(quality.ssim, together.ssim, 1e-9);
        EXPECT_TRUE(together.maps.empty());
        ASSERT_EQ(quality.maps.size(), 3);
        for (std::size_t i = 0; i < maps.size(); ++i) {
            const Field part = part_of(field, maps[i].first, maps[i].channels);
            std::vector<std::uint8_t> values;
            for (std::int64_t y = 0; y < 300; ++y) {
                const auto* row = reinterpret_cast<const std::uint8_t*>(target.view().pixel(0, y));
                const std::size_t size = static_cast<std::size_t>(bits) / 8;
                for (std::size_t x = 0; x < 50; ++x) {
                    const auto* first = row + (x * 5 + static_cast<std::size_t>(maps[i].first)) * size;
                    for (std::size_t k = 0; k < size * static_cast<std::size_t>(maps[i].channels); ++k) {
                        values.push_back(first[k]);
                    }
                }
            }
            const auto* data = reinterpret_cast<const std::byte*>(values.data());
            const Quality alone = whole_quality(part, {data, 50, 300, maps[i].channels, bits, values.size() / 300});
            EXPECT_EQ(quality.maps[i].name, maps[i].name);
            EXPECT_NEAR(quality.maps[i].psnr, alone.psnr, 1e-4);
            EXPECT_NEAR(quality.maps[i].ssim, alone.ssim, 1e-6);
        }
    }
}

TEST(Evaluate, ComparesWithoutGamma) {
    const Field field = random_field(300, 3, 50, 300, 3);
    const Target target(50, 300, 3, 16, 1);
    const Lattice whole = Lattice::whole(50, 300);
    const at::Tensor image = render(field, whole, {}).clamp(0, 1).pow(1 / 2.2F);
    double squared = 0;
    const auto values = reference::to_double(image);
    for (std::size_t i = 0; i < values.size(); ++i) {
        const auto sample = static_cast<std::int64_t>(i) % whole.samples();
        const auto channel = static_cast<int>(static_cast<std::int64_t>(i) / whole.samples());
        const double shown = std::pow(target.view().value(sample % 50, sample / 50, channel), 1 / 2.2);
        squared += (values[i] - shown) * (values[i] - shown);
    }
    const double psnr = 10 * std::log10(static_cast<double>(values.size()) / squared);
    const PackedImage with_gamma = image_of(target).with_maps({{.channels = 3, .gamma = 2.2F}});
    EXPECT_NEAR(evaluate(field, {}, with_gamma).psnr, psnr, 1e-3);
    EXPECT_NEAR(evaluate_psnr(field, {}, with_gamma), psnr, 1e-3);
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
