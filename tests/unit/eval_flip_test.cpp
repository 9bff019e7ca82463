// What FLIP is worth is told by tests/golden; here, what follows from its definition.

#include "gsfit/eval/flip.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "gsfit/core/error.h"
#include "gsfit/core/parallel.h"
#include "unit/eval_images.h"
#include "unit/sentences.h"

namespace gsfit {
namespace {

ImageBands flat(float red, float green, float blue) {
    at::Tensor image = at::full({3, 40, 50}, red);
    image[1].fill_(green);
    image[2].fill_(blue);
    return rows_of(image);
}

at::Tensor whole_map(const ImagePair& pair) {
    return flip_map(rows_of(pair.image), rows_of(pair.target)).band(0, pair.image.size(1));
}

TEST(Flip, IsZeroForTheSameImage) {
    const ImageBands image = rows_of(patches(3, 90, 70, 1));
    EXPECT_EQ(flip(image, image), 0);
}

TEST(Flip, GreenAndBlueAreFarthestApart) {
    EXPECT_NEAR(flip(flat(0, 1, 0), flat(0, 0, 1)), 1, 1e-5);
    EXPECT_LT(flip(flat(1, 0, 0), flat(0, 0, 1)), 0.99);
}

/// They differ by a lightness of 100; green and blue, (87.74, -75.6, 73.0) and (32.30, 25.6, -34.8) in Hunt-adjusted
/// L*a*b*, by 203.3.
TEST(Flip, OfBlackAndWhiteIsThatOfTheirLightness) {
    const double greatest = std::pow(203.3, 0.7);
    const double expected = 0.95 + (std::pow(100, 0.7) - 0.4 * greatest) / (0.6 * greatest) * 0.05;
    EXPECT_NEAR(flip(flat(0, 0, 0), flat(1, 1, 1)), expected, 1e-4);
}

TEST(Flip, IsTheSameWhenTheImagesAreSwapped) {
    const ImagePair pair(3, 60, 70);
    EXPECT_EQ(flip(rows_of(pair.image), rows_of(pair.target)), flip(rows_of(pair.target), rows_of(pair.image)));
}

TEST(Flip, BandsMakeTheSameMap) {
    const ImagePair pair(3, 150, 133);
    AskedRows asked;
    const ImageBands map = flip_map(copied_rows_of(pair.image, asked), copied_rows_of(pair.target, asked));
    const at::Tensor whole = whole_map(pair);
    for (const std::int64_t count : {1, 9, 64, 100}) {
        for (std::int64_t first = 0; first < 150; first += count) {
            const std::int64_t rows = std::min(count, 150 - first);
            EXPECT_TRUE(at::equal(map.band(first, rows), whole.narrow(1, first, rows))) << count << " rows";
        }
    }
    asked.clear();
    map.band(70, 8);
    EXPECT_EQ(asked, (AskedRows{{60, 28}, {60, 28}}));
}

TEST(Flip, IsTheMeanOfItsMap) {
    const ImagePair pair(3, 300, 80);
    EXPECT_NEAR(flip(rows_of(pair.image), rows_of(pair.target)), whole_map(pair).mean().item<double>(), 1e-6);
}

TEST(Flip, IsTheSameForAnyNumberOfThreads) {
    const ImagePair pair(3, 200, 150);
    set_threads(1);
    const double one = flip(rows_of(pair.image), rows_of(pair.target));
    set_threads(3);
    const double three = flip(rows_of(pair.image), rows_of(pair.target));
    set_threads(0);
    EXPECT_EQ(one, three);
}

TEST(Flip, ReachesNoFartherThanItsRadius) {
    const at::Tensor image = patches(3, 60, 60, 1);
    at::Tensor target = image.clone();
    target.select(1, 30).select(1, 30).fill_(1);
    const at::Tensor map = flip_map(rows_of(image), rows_of(target)).band(0, 60)[0];
    EXPECT_GT(map[30][30].item<float>(), 0);
    EXPECT_GT(map[30][39].item<float>(), 0);
    EXPECT_GT(map[39][30].item<float>(), 0);
    EXPECT_EQ(map[30][41].item<float>(), 0);
    EXPECT_EQ(map[19][30].item<float>(), 0);
}

TEST(Flip, ValuesAreClamped) {
    const ImagePair pair(3, 40, 50);
    const at::Tensor image = pair.image.mul(3).sub(1);
    EXPECT_EQ(flip(rows_of(image), rows_of(pair.target)), flip(rows_of(image.clamp(0, 1)), rows_of(pair.target)));
}

TEST(Flip, GreyIsRgbOfEqualChannels) {
    const ImagePair pair(1, 40, 50);
    const auto rgb = [](const at::Tensor& grey) { return rows_of(at::cat({grey, grey, grey})); };
    EXPECT_EQ(flip(rows_of(pair.image), rows_of(pair.target)), flip(rgb(pair.image), rgb(pair.target)));
}

TEST(Flip, MorePixelsPerDegreeHideMore) {
    const ImagePair pair(3, 40, 50);
    const double near = flip(rows_of(pair.image), rows_of(pair.target), 20);
    const double far = flip(rows_of(pair.image), rows_of(pair.target), 100);
    EXPECT_GT(near, far + 0.01);
}

TEST(Flip, TakesTheSmallestImages) {
    const ImageBands black = rows_of(at::full({1, 1, 1}, 0.0F));
    const ImageBands white = rows_of(at::full({1, 1, 1}, 1.0F));
    EXPECT_EQ(flip(black, black), 0);
    EXPECT_NEAR(flip(black, white), flip(flat(0, 0, 0), flat(1, 1, 1)), 1e-5);
}

TEST(Flip, RefusesScreensThatMakeNoSense) {
    const ImageBands image = rows_of(patches(3, 10, 10, 1));
    for (const double pixels_per_degree :
         {0.0, -1.0, std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
        expect_contains(sentence_of<Error>([&] { flip(image, image, pixels_per_degree); }), "pixels per degree");
    }
}

}  // namespace
}  // namespace gsfit
