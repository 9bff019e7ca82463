#include "gsfit/densify/image_gs.h"

#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "gsfit/image.h"
#include "reference/scenes.h"
#include "unit/numbered.h"

namespace gsfit {
namespace {

RenderRows rows_of(const at::Tensor& image) {
    return [image](const Rows& rows) { return image.narrow(1, rows.first, rows.count).contiguous(); };
}

at::Tensor image_of(const PackedView& view) {
    at::Tensor image = at::zeros({view.channels, view.height, view.width});
    auto values = image.accessor<float, 3>();
    for (int c = 0; c < view.channels; ++c) {
        for (std::int64_t y = 0; y < view.height; ++y) {
            for (std::int64_t x = 0; x < view.width; ++x) values[c][y][x] = view.value(x, y, c);
        }
    }
    return image;
}

TEST(AddByResidual, AddsWhatIsMissingWhereItIsMissing) {
    Numbered numbered(50);
    const reference::Target target(64, 48, 3, 8, 2);
    at::Tensor image = image_of(target.view());
    image.narrow(2, 10, 4).narrow(1, 12, 3).sub_(0.25);
    Random random(3);
    add_by_residual(numbered.field, numbered.moments, rows_of(image), target.view(), 12, 4, random);
    ASSERT_EQ(numbered.field.size(), 62);
    const at::Tensor added = numbered.field.inv_scale.select(1, 0).eq(0.25);
    EXPECT_EQ(added.sum().item<int>(), 12);
    const at::Tensor x = numbered.field.position.select(1, 0).mul(64).masked_select(added);
    EXPECT_TRUE(x.gt(10).all().item<bool>());
    EXPECT_TRUE(x.lt(14).all().item<bool>());
    for (std::int64_t i = 0; i < 62; ++i) {
        if (!added[i].item<bool>()) continue;
        const auto px = static_cast<std::int64_t>(numbered.field.position[i][0].item<float>() * 64);
        const auto py = static_cast<std::int64_t>(numbered.field.position[i][1].item<float>() * 48);
        for (int c = 0; c < 3; ++c) {
            const float wanted =
                target.view().value(px, py, c) - std::clamp(image[c][py][px].item<float>(), 0.0F, 1.0F);
            EXPECT_NEAR(numbered.field.feature[i][c].item<float>(), wanted, 1e-6);
        }
    }
}

TEST(AddByResidual, StartsAllMomentsAnew) {
    Numbered numbered(50);
    const reference::Target target(64, 48, 3, 8, 2);
    Random random(3);
    add_by_residual(numbered.field, numbered.moments, rows_of(at::full({3, 48, 64}, 0.5)), target.view(), 20, 4,
                    random);
    EXPECT_EQ(numbered.moments.age.sum().item<int>(), 0);
    EXPECT_EQ(numbered.moments.first.abs().sum().item<double>(), 0);
    EXPECT_EQ(numbered.moments.first.size(0), 70);
}

/// Of a raster wide enough for a blur of 5 taps: sigma 0.3 (2 - 1) + 0.8 = 1.1.
TEST(AddByResidual, BlursTheTarget) {
    constexpr std::int64_t width = 2000, height = 2000;
    EXPECT_EQ(blur_width(width, height), 5);
    std::vector<std::uint8_t> pixels(3 * width * height);
    pixels[3 * (1000 * width + 700)] = 255;
    const PackedImage image = PackedImage::copy(pixels, width, height, 3);
    const at::Tensor black = at::zeros({3, height, width});
    Random random(4);
    Numbered numbered(10);
    add_by_residual(numbered.field, numbered.moments, rows_of(black), image.view(), 25, 4, random);
    double sum = 0;
    for (int i = -2; i <= 2; ++i) sum += std::exp(-0.5 * i * i / 1.21);
    const at::Tensor is_added = numbered.field.inv_scale.select(1, 0).eq(0.25);
    const at::Tensor added = numbered.field.feature.select(1, 0).masked_select(is_added);
    EXPECT_NEAR(added.max().item<double>(), 1 / (sum * sum), 1e-5);
    EXPECT_NEAR(added.sum().item<double>(), 1, 1e-4) << "the 25 pixels of its window, and no others";
}

TEST(AddByResidual, BlurFollowsTheSize) {
    EXPECT_EQ(blur_width(399, 399), 1);
    EXPECT_EQ(blur_width(400, 400), 3);
    EXPECT_EQ(blur_width(768, 512), 3);
    EXPECT_EQ(blur_width(1600, 1600), 5);
    EXPECT_EQ(blur_width(7680, 4320), 15);
}

}  // namespace
}  // namespace gsfit
