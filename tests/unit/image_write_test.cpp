// Tensors written to image files and read back.

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <limits>

#include "gsfit/core/error.h"
#include "gsfit/image.h"
#include "unit/temporary_directory.h"

namespace gsfit {
namespace {

class ImageWrite : public testing::Test {
protected:
    const TemporaryDirectory directory;
};

/// A gradient; channel c is shifted by c / 10.
at::Tensor gradient(std::int64_t channels, std::int64_t height, std::int64_t width) {
    at::Tensor image = at::empty({channels, height, width}, at::kFloat);
    auto* value = image.data_ptr<float>();
    for (std::int64_t c = 0; c < channels; ++c) {
        for (std::int64_t y = 0; y < height; ++y) {
            for (std::int64_t x = 0; x < width; ++x) {
                *value++ = 0.1F * static_cast<float>(c) + 0.3F * static_cast<float>(x) / static_cast<float>(width) +
                           0.3F * static_cast<float>(y) / static_cast<float>(height);
            }
        }
    }
    return image;
}

/// The largest difference, in steps of 1/255, to the image rounded to 8 bit.
float difference(const PackedImage& got, const at::Tensor& wanted) {
    EXPECT_EQ(got.channels(), wanted.size(0));
    EXPECT_EQ(got.height(), wanted.size(1));
    EXPECT_EQ(got.width(), wanted.size(2));
    float largest = 0;
    const auto* values = wanted.const_data_ptr<float>();
    for (std::int64_t c = 0; c < wanted.size(0); ++c) {
        for (std::int64_t y = 0; y < wanted.size(1); ++y) {
            for (std::int64_t x = 0; x < wanted.size(2); ++x) {
                const float value = values[c * wanted.stride(0) + y * wanted.stride(1) + x * wanted.stride(2)];
                const float rounded = std::round(value * 255);
                largest = std::max(largest, std::abs(got.view().value(x, y, static_cast<int>(c)) * 255 - rounded));
            }
        }
    }
    return largest;
}

TEST_F(ImageWrite, EveryFormatThatIsReadComesBack) {
    for (const std::string ending : {".png", ".PNG", ".tif", ".tiff", ".jpg", ".jpeg", ".webp"}) {
        for (const std::int64_t channels : {1, 3}) {
            if (ending == ".webp" && channels == 1) continue;
            SCOPED_TRACE(ending);
            const at::Tensor image = gradient(channels, 30, 41);
            const std::filesystem::path path = directory / ("image" + ending);
            write_image(path, image);
            const bool lossy = ending.starts_with(".j");
            EXPECT_LE(difference(read_image(path), image), lossy ? 10 : 0.01F);
        }
    }
}

TEST_F(ImageWrite, GreyWebpHasThreeEqualChannels) {
    write_image(directory / "a.webp", gradient(1, 5, 4));
    const PackedImage image = read_image(directory / "a.webp");
    ASSERT_EQ(image.channels(), 3);
    EXPECT_EQ(image.view().value(3, 4, 0), image.view().value(3, 4, 2));
}

TEST_F(ImageWrite, BmpBegins) {
    write_image(directory / "a.bmp", gradient(3, 5, 4));
    EXPECT_GT(std::filesystem::file_size(directory / "a.bmp"), 54U);
}

TEST_F(ImageWrite, StridesAreFollowed) {
    const at::Tensor image = gradient(3, 30, 20).transpose(1, 2);
    write_image(directory / "a.png", image);
    EXPECT_LE(difference(read_image(directory / "a.png"), image), 0.01F);
}

TEST_F(ImageWrite, ValuesAreClampedAndRounded) {
    constexpr float infinity = std::numeric_limits<float>::infinity();
    constexpr float nan = std::numeric_limits<float>::quiet_NaN();
    const std::vector<std::pair<float, int>> cases{
        {-1, 0},  {2, 255}, {infinity, 255},    {-infinity, 0},     {nan, 0},
        {1, 255}, {0, 0},   {0.4999F / 255, 0}, {0.5001F / 255, 1}, {254.4F / 255, 254}};
    at::Tensor image = at::empty({1, 1, static_cast<std::int64_t>(cases.size())}, at::kFloat);
    for (std::size_t i = 0; i < cases.size(); ++i) image.data_ptr<float>()[i] = cases[i].first;
    write_image(directory / "a.png", image);
    const PackedImage read = read_image(directory / "a.png");
    for (std::size_t i = 0; i < cases.size(); ++i) {
        EXPECT_EQ(std::lround(read.view().value(static_cast<std::int64_t>(i), 0, 0) * 255), cases[i].second) << i;
    }
}

TEST_F(ImageWrite, ReplacesAndLeavesNothingElse) {
    const std::filesystem::path path = directory / "a.png";
    write_image(path, gradient(3, 5, 4));
    write_image(path, gradient(1, 7, 6));
    EXPECT_EQ(read_image(path).height(), 7);
    EXPECT_EQ(directory.names(), std::set<std::string>{"a.png"});
}

TEST_F(ImageWrite, UnknownEndingsAreUsageErrors) {
    for (const std::string name : {"a.gif", "a", "a.", ".png", "a.png.txt"}) {
        EXPECT_THROW(write_image(directory / name, gradient(3, 5, 4)), UsageError) << name;
        EXPECT_THROW(check_image_output(directory / name, 4, 5), UsageError) << name;
    }
}

TEST_F(ImageWrite, FormatsHaveLimits) {
    EXPECT_NO_THROW(check_image_output("a.webp", 16'383, 16'383));
    EXPECT_THROW(check_image_output("a.webp", 16'384, 1), UsageError);
    EXPECT_NO_THROW(check_image_output("a.JPG", 65'500, 10));
    EXPECT_THROW(check_image_output("a.jpg", 10, 65'501), UsageError);
    EXPECT_NO_THROW(check_image_output("a.png", 65'536, 65'536));
    EXPECT_THROW(check_image_output("a.bmp", 32'768, 32'768), UsageError);
}

TEST_F(ImageWrite, FailuresAreOutputErrors) {
    EXPECT_THROW(write_image(directory / "missing/a.png", gradient(3, 5, 4)), OutputError);
    std::filesystem::create_directory(directory / "directory.png");
    EXPECT_THROW(write_image(directory / "directory.png", gradient(3, 5, 4)), OutputError);
}

TEST_F(ImageWrite, OtherTensorsAreRefused) {
    EXPECT_THROW(write_image(directory / "a.png", at::full({2, 4, 4}, 0.5)), Error);
    EXPECT_THROW(write_image(directory / "a.png", at::full({4, 4}, 0.5)), Error);
    EXPECT_THROW(write_image(directory / "a.png", at::full({3, 0, 4}, 0.5)), Error);
    EXPECT_THROW(write_image(directory / "a.png", at::full({3, 4, 4}, 0.5, at::kDouble)), Error);
    EXPECT_FALSE(std::filesystem::exists(directory / "a.png"));
}

}  // namespace
}  // namespace gsfit
