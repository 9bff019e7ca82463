#include <ATen/Functions.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "gsfit/core/error.h"
#include "gsfit/image/pictures.h"
#include "temporary_directory.h"

namespace gsfit {
namespace {

/// Channel c of pixel (x, y) is 100 c + 10 y + x.
PackedImage numbered_image(std::int64_t width, std::int64_t height, int channels) {
    std::vector<std::uint8_t> pixels;
    for (std::int64_t y = 0; y < height; ++y) {
        for (std::int64_t x = 0; x < width; ++x) {
            for (int c = 0; c < channels; ++c) pixels.push_back(static_cast<std::uint8_t>(100 * c + 10 * y + x));
        }
    }
    return PackedImage::copy(pixels, width, height, channels);
}

at::Tensor constant_channels(std::int64_t channels, std::int64_t height, std::int64_t width) {
    return at::arange(channels, at::kFloat).div(25.5).view({channels, 1, 1}).expand({channels, height, width});
}

TEST(Pictures, KeepAnImageOfTheirSize) {
    const Picture picture = picture_of(numbered_image(7, 5, 3), 7, 5);
    for (std::int64_t y = 0; y < 5; ++y) {
        for (std::int64_t x = 0; x < 7; ++x) {
            for (int c = 0; c < 3; ++c) EXPECT_EQ(picture.pixel(x, y)[c], 100 * c + 10 * y + x);
        }
    }
}

TEST(Pictures, OfGreyImagesAreGrey) {
    const Picture picture = picture_of(numbered_image(3, 2, 1), 3, 2);
    for (int c = 0; c < 3; ++c) EXPECT_EQ(picture.pixel(2, 1)[c], 12);
}

TEST(Pictures, AverageWhereTheyShrink) {
    const Picture half = picture_of(numbered_image(8, 8, 1), 4, 4);
    EXPECT_NEAR(half.pixel(1, 2)[0], 47.5, 0.5);  // mean of 42, 43, 52, 53
    // A pixel covers 2.5 samples: 0.2, 0.4 and 0.4 of samples 2, 3 and 4, along both axes.
    const Picture odd = picture_of(numbered_image(5, 5, 1), 2, 2);
    EXPECT_EQ(odd.pixel(1, 1)[0], static_cast<int>(std::lround(11 * (0.2 * 2 + 0.4 * 3 + 0.4 * 4))));
}

TEST(Pictures, ShowSquarePixelsWhereTheyGrow) {
    const Picture picture = picture_of(numbered_image(3, 2, 1), 9, 6);
    for (std::int64_t y = 0; y < 6; ++y) {
        for (std::int64_t x = 0; x < 9; ++x) EXPECT_EQ(picture.pixel(x, y)[0], 10 * (y / 3) + x / 3);
    }
}

TEST(Pictures, AreTheSameOfSixteenBits) {
    std::vector<std::uint16_t> values{0, 257, 257 * 100, 65535};
    const PackedView view{.data = reinterpret_cast<const std::byte*>(values.data()),
                          .width = 2,
                          .height = 2,
                          .channels = 1,
                          .bits = 16,
                          .row_bytes = 4};
    const Picture picture = picture_of(PackedImage(view, nullptr), 2, 2);
    EXPECT_EQ(picture.pixel(0, 0)[0], 0);
    EXPECT_EQ(picture.pixel(1, 0)[0], 1);
    EXPECT_EQ(picture.pixel(0, 1)[0], 100);
    EXPECT_EQ(picture.pixel(1, 1)[0], 255);
}

TEST(Pictures, ClampValues) {
    const Picture picture = picture_of(at::tensor({-1.0F, 0.5F, 2.0F}).view({1, 1, 3}));
    EXPECT_EQ(picture.pixel(0, 0)[0], 0);
    EXPECT_EQ(picture.pixel(1, 0)[0], 128);
    EXPECT_EQ(picture.pixel(2, 0)[0], 255);
}

TEST(Pictures, OfManyChannelsAreAGrid) {
    const Picture picture = picture_of(constant_channels(8, 2, 4));  // two of colour, two of grey
    EXPECT_EQ(picture.width, 8);
    EXPECT_EQ(picture.height, 4);
    const auto expect = [&](std::int64_t x, std::int64_t y, std::array<int, 3> color) {
        for (std::size_t c = 0; c < 3; ++c) EXPECT_EQ(picture.pixel(x, y)[c], color[c]) << x << ' ' << y;
    };
    expect(0, 0, {0, 10, 20});
    expect(4, 1, {30, 40, 50});
    expect(3, 2, {60, 60, 60});
    expect(7, 3, {70, 70, 70});
}

TEST(Pictures, OfBandsAreThoseOfTheWhole) {
    const at::Tensor image = at::arange(4 * 300 * 20000, at::kFloat).remainder(251).div(250).view({4, 300, 20000});
    std::int64_t bands = 0;
    const Picture picture =
        picture_of({.width = 20000, .height = 300, .channels = 4, .band = [&](std::int64_t first, std::int64_t rows) {
                        ++bands;
                        return image.narrow(1, first, rows);
                    }});
    EXPECT_GT(bands, 1);
    for (const std::int64_t y : {0, 63, 64, 150, 299}) {
        EXPECT_NEAR(picture.pixel(7, y)[1], image[1][y][7].item<float>() * 255, 0.51);
        EXPECT_NEAR(picture.pixel(20007, y)[2], image[3][y][7].item<float>() * 255, 0.51);
    }
}

TEST(Pictures, KeepTheAspectOfLargeImages) {
    const auto expect = [](PictureSize size, std::int64_t width, std::int64_t height) {
        EXPECT_EQ(size.width, width);
        EXPECT_EQ(size.height, height);
    };
    expect(picture_size(7680, 4320, 1920), 1920, 1080);
    expect(picture_size(64, 48, 1920), 64, 48);
    expect(picture_size(1, 16384, 1000), 1, 1000);
}

TEST(Pictures, ComeBackFromJpeg) {
    Picture picture(64, 40, 90);
    for (std::int64_t y = 0; y < 40; ++y) {
        for (std::int64_t x = 32; x < 64; ++x) picture.pixel(x, y)[0] = 200;
    }
    const Picture decoded = decode_picture(encode_jpeg(picture), "a picture");
    ASSERT_EQ(decoded.rgb.size(), picture.rgb.size());
    EXPECT_NEAR(decoded.pixel(10, 20)[0], 90, 3);
    EXPECT_NEAR(decoded.pixel(50, 20)[0], 200, 3);
    EXPECT_NEAR(decoded.pixel(50, 20)[2], 90, 3);
    EXPECT_THROW(decode_picture(std::vector<std::byte>(10), "a picture"), InputError);
    EXPECT_THROW(encode_jpeg(Picture(65501, 1)), Error);
    EXPECT_THROW(encode_jpeg(Picture()), Error);
}

TEST(Pictures, OfAMappedImageAreTheSame) {
    const TemporaryDirectory directory;
    const PackedImage image = numbered_image(300, 200, 3);
    EXPECT_EQ(picture_of(image.moved_to_file(directory.path()), 75, 50).rgb, picture_of(image, 75, 50).rgb);
}

}  // namespace
}  // namespace gsfit
