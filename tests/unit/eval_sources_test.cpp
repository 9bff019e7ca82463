#include "gsfit/eval/sources.h"

#include <ATen/ops/equal.h>
#include <gtest/gtest.h>

#include "gsfit/core/error.h"
#include "gsfit/render.h"
#include "reference/scenes.h"
#include "unit/eval_images.h"
#include "unit/sentences.h"

namespace gsfit {
namespace {

TEST(Sources, RowsOfAPackedImageAreItsValues) {
    for (const int bits : {8, 16}) {
        const reference::Target target(37, 41, 3, bits, 1);
        const ImageBands rows = rows_of(PackedImage(target.view(), nullptr));
        EXPECT_EQ(rows.channels, 3);
        const at::Tensor band = rows.band(5, 11);
        ASSERT_EQ(band.sizes(), (at::IntArrayRef{3, 11, 37}));
        for (int c = 0; c < 3; ++c) {
            EXPECT_EQ(band[c][10][36].item<float>(), target.view().value(36, 15, c)) << bits << " bits";
        }
    }
}

TEST(Sources, RowsOfARenderAreClamped) {
    Field field = reference::random_field(200, 3, 70, 150, 3);
    field.feature.mul_(3);
    const ImageBands rows = render_rows_of(field, {}, 70, 150);
    const at::Tensor whole = render(field, Lattice::whole(70, 150), {}).clamp(0, 1);
    EXPECT_EQ(rows.band(100, 50).sub(whole.narrow(1, 100, 50)).abs().max().item<float>(), 0);
    EXPECT_EQ(whole.max().item<float>(), 1);
}

TEST(Sources, ColorsAreTheFirstThreeChannelsOrTheFirstAsGrey) {
    for (const std::int64_t channels : {1, 2, 3, 5}) {
        const at::Tensor image = patches(channels, 6, 9, 1);
        const ImageBands colors = colors_of(rows_of(image));
        EXPECT_EQ(colors.channels, 3);
        for (std::int64_t c = 0; c < 3; ++c) {
            const std::int64_t from = channels < 3 ? 0 : c;
            EXPECT_TRUE(at::equal(colors.band(2, 3)[c], image[from].narrow(0, 2, 3))) << channels << " channels";
        }
    }
}

TEST(Sources, WhatCannotBeComparedIsRefused) {
    const ImageBands image = rows_of(patches(3, 6, 9, 1));
    EXPECT_NO_THROW(check_comparable("flip", image, image));
    EXPECT_EQ(sentence_of<Error>([&] { check_comparable("flip", image, rows_of(patches(1, 6, 9, 1))); }),
              "flip: the images are not alike (9 x 6 pixels, 3 channels; 9 x 6 pixels, 1 channels); give two of the "
              "same size and channels.");
    EXPECT_THROW(check_comparable("flip", image, rows_of(patches(3, 7, 9, 1))), Error);
    EXPECT_THROW(check_comparable("flip", image, rows_of(patches(3, 6, 8, 1))), Error);
    EXPECT_THROW(check_comparable("flip", rows_of(patches(3, 0, 9, 1)), rows_of(patches(3, 0, 9, 1))), Error);
}

}  // namespace
}  // namespace gsfit
