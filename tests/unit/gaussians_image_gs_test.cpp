#include "gsfit/gaussians/image_gs.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>
#include <vector>

#include "gsfit/core/error.h"
#include "gsfit/image.h"
#include "gsfit/image/saliency.h"

namespace gsfit {
namespace {

constexpr std::int64_t width = 120;
constexpr std::int64_t height = 80;

/// Black, but for a white square of 12 pixels a side at (84, 30).
PackedImage square() {
    std::vector<std::uint8_t> pixels(width * height * 3);
    for (std::int64_t y = 30; y < 42; ++y) {
        for (std::int64_t x = 84; x < 96; ++x) {
            for (std::int64_t c = 0; c < 3; ++c) pixels[static_cast<std::size_t>(3 * (y * width + x) + c)] = 255;
        }
    }
    return PackedImage::copy(pixels, width, height, 3);
}

Field start(const ImageGsStart& options, std::uint64_t seed = 1) {
    const PackedImage image = square();
    Random random(seed);
    return image_gs_field(image.view(), options, random);
}

/// Gaussians whose centre lies within `margin` pixels of the square.
std::int64_t near_square(const Field& field, double margin) {
    const at::Tensor x = field.position.select(1, 0).mul(width);
    const at::Tensor y = field.position.select(1, 1).mul(height);
    const at::Tensor inside =
        x.gt(84 - margin).logical_and(x.lt(96 + margin)).logical_and(y.gt(30 - margin).logical_and(y.lt(42 + margin)));
    return inside.sum().item<std::int64_t>();
}

TEST(ImageGsField, HasRoundGaussiansOnDifferentPixels) {
    const Field field = start({.count = 500, .random_ratio = 1, .sigma = 4});
    EXPECT_EQ(field.size(), 500);
    EXPECT_TRUE(field.inv_scale.eq(0.25).all().item<bool>());
    EXPECT_TRUE(field.rotation.eq(0).all().item<bool>());
    std::set<std::pair<float, float>> places;
    for (std::int64_t i = 0; i < 500; ++i) {
        const float x = field.position[i][0].item<float>() * width;
        const float y = field.position[i][1].item<float>() * height;
        EXPECT_NEAR(x - std::floor(x), 0.5, 1e-3);
        EXPECT_NEAR(y - std::floor(y), 0.5, 1e-3);
        places.insert({x, y});
    }
    EXPECT_EQ(places.size(), 500U);
}

TEST(ImageGsField, GoesWhereTheImageChanges) {
    const Field field = start({.count = 60, .random_ratio = 0.25F});
    EXPECT_GE(near_square(field, 1.6), 45);
    EXPECT_LE(near_square(field, 1.6), 50) << "a quarter goes anywhere";
    EXPECT_LE(near_square(start({.count = 60, .mode = InitMode::random}), 1.6), 10);
}

TEST(ImageGsField, GoesWhereTheEyeDoes) {
    const Field field = start({.count = 60, .random_ratio = 0, .mode = InitMode::saliency, .saliency_blur = 4});
    EXPECT_GE(near_square(field, 12), 40);
}

TEST(ImageGsField, IsColouredLikeTheImageOrAtRandom) {
    const ImageGsStart all{.count = width * height, .mode = InitMode::random};
    EXPECT_EQ(start(all).feature.sum().item<double>(), 12 * 12 * 3);
    ImageGsStart random = all;
    random.colored = false;
    EXPECT_NEAR(start(random).feature.mean().item<double>(), 0.5, 0.01);
}

TEST(ImageGsField, FollowsTheSeed) {
    const ImageGsStart options{.count = 100};
    EXPECT_TRUE(start(options, 5).position.equal(start(options, 5).position));
    EXPECT_FALSE(start(options, 5).position.equal(start(options, 6).position));
    EXPECT_THROW(start({.count = width * height + 1}), Error);
}

TEST(Saliency, IsHighestAtWhatStandsOutAndFlatWhereNothingDoes) {
    const PackedImage image = square();
    const SaliencyMap map(image.view(), 3);
    std::vector<float> rows(width * height);
    for (std::int64_t y = 0; y < height; ++y) map.row(y, rows.data() + y * width);
    const auto largest = std::max_element(rows.begin(), rows.end()) - rows.begin();
    EXPECT_NEAR(static_cast<double>(largest % width), 90, 10);
    EXPECT_NEAR(static_cast<double>(largest / width), 36, 10);
    EXPECT_GT(rows[static_cast<std::size_t>(largest)], 0.9F) << "1 at a sample, and what lies between is interpolated";
    EXPECT_LT(rows[10 * width + 20], 0.2F);

    const PackedImage plain = PackedImage::copy(std::vector<std::uint8_t>(width * height), width, height, 1);
    SaliencyMap(plain.view(), 3).row(7, rows.data());
    EXPECT_TRUE(std::all_of(rows.begin(), rows.begin() + width, [](float value) { return value == 1; }));
}

}  // namespace
}  // namespace gsfit
