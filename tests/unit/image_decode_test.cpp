// What is read of each format, pixel by pixel.

#include <gtest/gtest.h>

#include <cmath>
#include <opencv2/imgproc.hpp>

#include "unit/image_files.h"

namespace gsfit {
namespace {

using namespace image_files;

/// The largest difference to `expected`, which is grey, BGR or BGRA as OpenCV has it; alpha is left out.
int difference(const PackedImage& image, const cv::Mat& expected) {
    const PackedView& view = image.view();
    EXPECT_EQ(view.width, expected.cols);
    EXPECT_EQ(view.height, expected.rows);
    EXPECT_EQ(view.channels, expected.channels() == 1 ? 1 : 3);
    EXPECT_EQ(view.bits, expected.depth() == CV_8U ? 8 : 16);
    EXPECT_EQ(view.row_bytes, static_cast<std::size_t>(view.width * view.channels * (view.bits / 8)));
    int largest = 0;
    for (int y = 0; y < expected.rows; ++y) {
        for (int x = 0; x < expected.cols; ++x) {
            for (int channel = 0; channel < view.channels; ++channel) {
                const int at = x * expected.channels() + (view.channels - 1 - channel);
                const int want =
                    view.bits == 8 ? expected.ptr<std::uint8_t>(y)[at] : expected.ptr<std::uint16_t>(y)[at];
                const auto got = std::lround(view.value(x, y, channel) * (view.bits == 8 ? 255.0 : 65535.0));
                largest = std::max(largest, std::abs(static_cast<int>(got) - want));
            }
        }
    }
    return largest;
}

TEST(ImageDecode, LosslessFormatsKeepEveryValue) {
    for (const int type : {CV_8UC1, CV_8UC3, CV_8UC4, CV_16UC1, CV_16UC3, CV_16UC4}) {
        for (const std::string ending : {".png", ".tif", ".webp"}) {
            if (ending == ".webp" && type != CV_8UC3 && type != CV_8UC4) continue;
            SCOPED_TRACE(ending + " type " + std::to_string(type));
            const cv::Mat image = picture(37, 23, type);
            EXPECT_EQ(difference(decode(encode(ending, image)), image), 0);
        }
    }
}

TEST(ImageDecode, LossyFormatsStayClose) {
    for (const int type : {CV_8UC1, CV_8UC3}) {
        const cv::Mat image = picture(70, 50, type);
        EXPECT_LE(difference(decode(encode(".jpg", image, {cv::IMWRITE_JPEG_QUALITY, 98})), image), 6);
        EXPECT_LE(difference(decode(encode(".jpg", image, {cv::IMWRITE_JPEG_PROGRESSIVE, 1})), image), 10);
    }
    const cv::Mat image = picture(70, 50, CV_8UC3);
    EXPECT_LE(difference(decode(encode(".webp", image, {cv::IMWRITE_WEBP_QUALITY, 95})), image), 10);
}

TEST(ImageDecode, OnePixel) {
    const cv::Mat image = picture(1, 1, CV_8UC3);
    for (const std::string ending : {".png", ".tif", ".webp"}) {
        EXPECT_EQ(difference(decode(encode(ending, image)), image), 0) << ending;
    }
    EXPECT_EQ(decode(encode(".jpg", image)).width(), 1);
}

TEST(ImageDecode, JpegOrientations) {
    for (int orientation = 1; orientation <= 8; ++orientation) {
        for (const int type : {CV_8UC1, CV_8UC3}) {
            const cv::Mat image = picture(48, 32, type);
            const Bytes file = jpeg_with_exif(encode(".jpg", image), exif(orientation, orientation % 2 == 0));
            EXPECT_LE(difference(decode(file), shown(image, orientation)), 10) << orientation;
        }
    }
}

TEST(ImageDecode, OrientationsOfOtherFormats) {
    const cv::Mat image = picture(9, 5, CV_8UC3);
    cv::Mat rgb;
    cv::cvtColor(image, rgb, cv::COLOR_BGR2RGB);
    const Bytes values(rgb.datastart, rgb.dataend);
    for (int orientation = 1; orientation <= 8; ++orientation) {
        SCOPED_TRACE(orientation);
        const cv::Mat expected = shown(image, orientation);
        const Bytes in_png = with_png_chunk(encode(".png", image), png_chunk("eXIf", exif(orientation)));
        EXPECT_EQ(difference(decode(in_png), expected), 0);
        EXPECT_EQ(difference(decode(webp_with_exif(encode(".webp", image), 9, 5, exif(orientation))), expected), 0);
        auto entries = tiff_entries(9, 5, 8, 2, 3);
        entries.push_back({274, {static_cast<std::uint32_t>(orientation)}});
        EXPECT_EQ(difference(decode(tiff(entries, {values})), expected), 0);
    }
}

TEST(ImageDecode, SixteenBitPixelsTurnToo) {
    for (const int type : {CV_16UC1, CV_16UC3}) {
        const cv::Mat image = picture(9, 5, type);
        const Bytes file = with_png_chunk(encode(".png", image), png_chunk("eXIf", exif(6)));
        EXPECT_EQ(difference(decode(file), shown(image, 6)), 0);
    }
}

TEST(ImageDecode, ExifWithoutAUsableOrientationMeansUpright) {
    const cv::Mat image = picture(48, 32, CV_8UC3);
    const Bytes jpeg = encode(".jpg", image);
    Bytes short_block = exif(6);
    short_block.resize(12);
    for (const Bytes& block : {exif(0), exif(9), exif(65535), short_block, Bytes{}, Bytes{'I', 'I'}}) {
        EXPECT_EQ(decode(jpeg_with_exif(jpeg, block)).width(), 48);
    }
}

TEST(ImageDecode, PalettePngBecomesRgb) {
    const Bytes palette = png_chunk("PLTE", {1, 2, 3, 40, 50, 60});
    const PackedImage image = decode(png(2, 1, 8, png_palette, {0, 1, 0}, palette));
    ASSERT_EQ(image.channels(), 3);
    EXPECT_FLOAT_EQ(image.view().value(0, 0, 0), 40 / 255.0F);
    EXPECT_FLOAT_EQ(image.view().value(1, 0, 2), 3 / 255.0F);
}

TEST(ImageDecode, FewBitPngGrowsTo8) {
    const PackedImage image = decode(png(4, 1, 2, png_grey, {0, 0b00011011}));
    ASSERT_EQ(image.channels(), 1);
    for (int x = 0; x < 4; ++x) EXPECT_FLOAT_EQ(image.view().value(x, 0, 0), static_cast<float>(x) / 3);
}

TEST(ImageDecode, OpaqueGreyAlphaBecomesGrey) {
    const PackedImage image = decode(png(2, 1, 16, png_grey_alpha, {0, 1, 2, 255, 255, 3, 4, 255, 255}));
    ASSERT_EQ(image.channels(), 1);
    ASSERT_EQ(image.view().bits, 16);
    EXPECT_FLOAT_EQ(image.view().value(0, 0, 0), 0x0102 / 65535.0F);
    EXPECT_FLOAT_EQ(image.view().value(1, 0, 0), 0x0304 / 65535.0F);
}

TEST(ImageDecode, TiffTilesPlanesAndPalettes) {
    // 17 x 3 RGB, as tiles of 16 x 16: two tiles, cut at the right and below.
    const cv::Mat image = picture(17, 3, CV_8UC3);
    std::vector<Bytes> tiles(2, Bytes(16 * 16 * 3));
    std::vector<Bytes> planes(3);
    for (int y = 0; y < 3; ++y) {
        for (int x = 0; x < 17; ++x) {
            for (int channel = 0; channel < 3; ++channel) {
                const std::uint8_t value = image.ptr<std::uint8_t>(y, x)[2 - channel];
                const int in_tile = (y * 16 + x % 16) * 3 + channel;
                tiles.at(x < 16 ? 0 : 1).at(static_cast<std::size_t>(in_tile)) = value;
                planes[static_cast<std::size_t>(channel)].push_back(value);
            }
        }
    }
    auto tiled = tiff_entries(17, 3, 8, 2, 3);
    tiled.push_back({322, {16}});
    tiled.push_back({323, {16}});
    EXPECT_EQ(difference(decode(tiff(tiled, tiles, true)), image), 0);

    auto planar = tiff_entries(17, 3, 8, 2, 3);
    planar.push_back({284, {2}});
    EXPECT_EQ(difference(decode(tiff(planar, planes)), image), 0);

    auto palette = tiff_entries(2, 1, 8, 3, 1);
    std::vector<std::uint32_t> colours(3 * 256);
    colours[7] = 10 << 8;
    colours[256 + 7] = 20 << 8;
    colours[512 + 7] = 30 << 8;
    palette.push_back({320, colours});
    const PackedImage coloured = decode(tiff(palette, {{0, 7}}));
    ASSERT_EQ(coloured.channels(), 3);
    for (int channel = 0; channel < 3; ++channel) {
        EXPECT_FLOAT_EQ(coloured.view().value(0, 0, channel), 0);
        EXPECT_FLOAT_EQ(coloured.view().value(1, 0, channel), static_cast<float>(10 * (channel + 1)) / 255);
    }
}

TEST(ImageDecode, TiffThatCountsFromWhite) {
    const PackedImage image = decode(tiff(tiff_entries(2, 1, 16, 0, 1), {{0x00, 0x00, 0x34, 0x12}}));
    EXPECT_FLOAT_EQ(image.view().value(0, 0, 0), 1);
    EXPECT_FLOAT_EQ(image.view().value(1, 0, 0), (65535 - 0x1234) / 65535.0F);
}

TEST(ImageDecode, ResizeMaxIsAnAreaFilter) {
    for (const int type : {CV_8UC1, CV_8UC3, CV_16UC3}) {
        const cv::Mat image = picture(60, 30, type);
        cv::Mat half;
        cv::resize(image, half, {30, 15}, 0, 0, cv::INTER_AREA);
        EXPECT_EQ(difference(decode(encode(".png", image), 30), half), 0);
        EXPECT_EQ(difference(decode(encode(".png", image), 60), image), 0) << "not larger than asked: left alone";
        EXPECT_EQ(difference(decode(encode(".png", image), 100), image), 0) << "never enlarged";
    }
    const PackedImage thin = decode(encode(".png", picture(100, 1, CV_8UC1)), 10);
    EXPECT_EQ(thin.width(), 10);
    EXPECT_EQ(thin.height(), 1);
}

TEST(ImageDecode, ResizeMaxCountsAfterTheTurn) {
    const Bytes file = with_png_chunk(encode(".png", picture(60, 30, CV_8UC3)), png_chunk("eXIf", exif(6)));
    const PackedImage image = decode(file, 20);
    EXPECT_EQ(image.width(), 10);
    EXPECT_EQ(image.height(), 20);
}

TEST(ImageDecode, CopyTakesPackedPixels) {
    const PackedImage image = PackedImage::copy({0, 51, 102, 153, 204, 255}, 2, 1, 3);
    EXPECT_FLOAT_EQ(image.view().value(1, 0, 0), 0.6F);
    EXPECT_THROW(PackedImage::copy({1, 2, 3}, 2, 1, 3), std::exception);
}

}  // namespace
}  // namespace gsfit
