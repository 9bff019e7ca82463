// Texture stacks, alpha, 16 bit, floating point, colour profiles and gamma: from files to a packed target, and back.

#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <gtest/gtest.h>
#include <lcms2.h>

#include <cmath>
#include <fstream>
#include <functional>
#include <limits>

#include "gsfit/core/error.h"
#include "gsfit/core/file.h"
#include "unit/image_files.h"
#include "unit/sentences.h"
#include "unit/temporary_directory.h"

namespace gsfit {
namespace {

using namespace image_files;
namespace fs = std::filesystem;

/// The image's channels as a field would have fitted them exactly.
at::Tensor fitted(const PackedImage& image) {
    at::Tensor values = at::empty({image.channels(), image.height(), image.width()}, at::kFloat);
    auto* value = values.mutable_data_ptr<float>();
    for (int c = 0; c < image.channels(); ++c) {
        for (std::int64_t y = 0; y < image.height(); ++y) {
            for (std::int64_t x = 0; x < image.width(); ++x) *value++ = image.view().value(x, y, c);
        }
    }
    return values;
}

float difference(const PackedImage& a, const PackedImage& b) {
    return fitted(a).sub(fitted(b)).abs().max().item<float>();
}

void write(const fs::path& path, const at::Tensor& values, ImageMap map, Colours colours = Colours::own) {
    map.first = 0;
    write_map(path,
              {.width = values.size(2),
               .height = values.size(1),
               .channels = static_cast<int>(values.size(0)),
               .band = [&](std::int64_t first, std::int64_t rows) { return values.narrow(1, first, rows); }},
              map, colours);
}

/// An ICC header of a size; what follows it is not looked at.
std::vector<std::byte> profile_of(const char* colours, std::size_t size) {
    Bytes bytes(size, 0);
    for (std::size_t i = 0; i < 4; ++i) bytes[i] = static_cast<std::uint8_t>(size >> (24 - 8 * i));
    const auto put = [&](std::size_t place, std::string_view text) {
        std::ranges::copy(text, bytes.begin() + static_cast<std::ptrdiff_t>(place));
    };
    put(8, "\x02\x40");
    put(12, "mntr");
    put(16, colours);
    put(20, "XYZ ");
    put(36, "acsp");
    const Bytes white{0, 0, 0xF6, 0xD6, 0, 1, 0, 0, 0, 0, 0xD3, 0x2D};  // D50
    std::ranges::copy(white, bytes.begin() + 68);
    const auto whole = std::as_bytes(std::span(bytes));
    return {whole.begin(), whole.end()};
}

class Maps : public testing::Test {
protected:
    fs::path file(const std::string& name, const Bytes& bytes) const {
        std::ofstream(directory_ / name, std::ios::binary)
            .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
        return directory_ / name;
    }
    fs::path file(const std::string& name, const cv::Mat& image) const {
        // Of floats in TIFF, OpenCV writes logarithms unless a compression is asked for.
        const bool floats = image.depth() == CV_32F;
        return file(name, encode(fs::path(name).extension(), image,
                                 floats ? std::vector<int>{cv::IMWRITE_TIFF_COMPRESSION, 5} : std::vector<int>{}));
    }

    /// What a file becomes that is read and written again.
    PackedImage again(const fs::path& from, const std::string& ending, float gamma = 1) const {
        const PackedImage image = read_image(from, 0, {}, gamma);
        write(directory_ / ("again" + ending), fitted(image), image.maps()[0]);
        return read_image(directory_ / ("again" + ending), 0, {}, gamma);
    }

    const TemporaryDirectory directory_;
};

TEST_F(Maps, AStackHasTheChannelsOfAllItsImages) {
    const cv::Mat colour = picture(31, 17, CV_8UC3);
    const cv::Mat grey = picture(31, 17, CV_8UC1);
    const std::vector<fs::path> files{file("albedo.png", colour), file("height.tif", grey),
                                      file("normal.webp", colour)};
    const PackedImage stack = read_stack(files);
    EXPECT_EQ(stack.view().bits, 8);
    ASSERT_EQ(stack.channels(), 7);
    ASSERT_EQ(stack.maps().size(), 3);
    EXPECT_EQ(stack.maps()[0].name, "albedo");
    EXPECT_EQ(stack.maps()[1].name, "height");
    EXPECT_EQ(stack.maps()[2].first, 4);
    for (int y = 0; y < 17; ++y) {
        for (int x = 0; x < 31; ++x) {
            for (int c = 0; c < 3; ++c) {
                const float value = static_cast<float>(colour.ptr<std::uint8_t>(y, x)[2 - c]) / 255.0F;
                ASSERT_EQ(stack.view().value(x, y, c), value);
                ASSERT_EQ(stack.view().value(x, y, 4 + c), value);
            }
            ASSERT_EQ(stack.view().value(x, y, 3), static_cast<float>(*grey.ptr<std::uint8_t>(y, x)) / 255.0F);
        }
    }
    const ImageInfo info = inspect_stack(files);
    EXPECT_EQ(info.channels, 7);
    EXPECT_EQ(info.bytes(), stack.info().bytes());
    const PackedImage in_file = read_stack(files, 0, {directory_.path()});
    EXPECT_TRUE(in_file.in_file());
    EXPECT_TRUE(fitted(in_file).equal(fitted(stack)));
    EXPECT_TRUE(in_file.moved_to_file(directory_.path()).maps() == stack.maps());
}

TEST_F(Maps, AStackIsOf16BitWhenOneOfItsImagesIs) {
    const PackedImage stack =
        read_stack({file("a.png", picture(9, 7, CV_8UC3)), file("b.png", picture(9, 7, CV_16UC1))});
    EXPECT_EQ(stack.view().bits, 16);
    const PackedImage a = read_image(directory_ / "a.png");
    const PackedImage b = read_image(directory_ / "b.png");
    EXPECT_EQ(stack.maps()[0].bits, 8);
    EXPECT_EQ(stack.maps()[1].bits, 16);
    for (int c = 0; c < 3; ++c) EXPECT_NEAR(stack.view().value(8, 6, c), a.view().value(8, 6, c), 1e-6);
    EXPECT_EQ(stack.view().value(8, 6, 3), b.view().value(8, 6, 0));
}

TEST_F(Maps, ImagesOfOneNameGetNamesOfTheirOwn) {
    const PackedImage stack =
        read_stack({file("a.png", picture(4, 4, CV_8UC1)), file("a.tif", picture(4, 4, CV_8UC1))});
    EXPECT_EQ(stack.maps()[0].name, "a");
    EXPECT_EQ(stack.maps()[1].name, "a-2");
}

TEST_F(Maps, AStackIsOfOneSize) {
    const std::vector<fs::path> files{file("a.png", picture(9, 7, CV_8UC3)), file("b.png", picture(9, 8, CV_8UC1))};
    for (const auto& read : {std::function<void()>([&] { read_stack(files); }), {[&] { inspect_stack(files); }}}) {
        const std::string sentence = sentence_of<InputError>(read);
        expect_contains(sentence, "b.png': it has 9 x 8 pixels and '");
        expect_contains(sentence, "a.png' has 9 x 7 pixels");
    }
}

TEST_F(Maps, AStackHas64ChannelsAtMost) {
    std::vector<fs::path> files(21, file("rgb.png", picture(4, 4, CV_8UC3)));
    files.push_back(file("grey.png", picture(4, 4, CV_8UC1)));
    EXPECT_EQ(read_stack(files).channels(), 64);
    files.push_back(file("one-more.png", picture(4, 4, CV_8UC1)));
    const std::string sentence = sentence_of<InputError>([&] { read_stack(files); });
    expect_contains(sentence, "one-more.png': with it the texture stack has 65 channels and at most 64");
    EXPECT_EQ(sentence, sentence_of<InputError>([&] { inspect_stack(files); }));
}

TEST_F(Maps, OpaqueAlphaDoesNotCount) {
    const std::vector<fs::path> files(20, file("rgba.png", picture(4, 4, CV_8UC4)));
    EXPECT_EQ(read_stack(files).channels(), 60);
    EXPECT_EQ(inspect_stack(files).channels, 64);
}

/// Colours that differ everywhere, and every alpha.
cv::Mat transparent(int type) {
    cv::Mat image = picture(16, 16, type);
    const int most = type == CV_8UC4 ? 255 : 65535;
    for (int i = 0; i < 256; ++i) {
        const int alpha = i * most / 255;
        if (type == CV_8UC4) {
            image.ptr<std::uint8_t>(i / 16, i % 16)[3] = static_cast<std::uint8_t>(alpha);
        } else {
            image.ptr<std::uint16_t>(i / 16, i % 16)[3] = static_cast<std::uint16_t>(alpha);
        }
    }
    return image;
}

TEST_F(Maps, ColoursAreMultipliedByAlpha) {
    for (const int type : {CV_8UC4, CV_16UC4}) {
        const cv::Mat stored = transparent(type);
        const float most = type == CV_8UC4 ? 255 : 65535;
        const PackedImage image = read_image(file("a.png", stored));
        ASSERT_EQ(image.channels(), 4);
        EXPECT_TRUE(image.maps()[0].alpha);
        EXPECT_EQ(image.view().bits, type == CV_8UC4 ? 8 : 16);
        for (int i = 0; i < 256; ++i) {
            const auto straight = [&](int c) {
                return type == CV_8UC4 ? static_cast<float>(stored.ptr<std::uint8_t>(i / 16, i % 16)[c])
                                       : static_cast<float>(stored.ptr<std::uint16_t>(i / 16, i % 16)[c]);
            };
            const float alpha = straight(3) / most;
            EXPECT_EQ(image.view().value(i % 16, i / 16, 3), alpha);
            for (int c = 0; c < 3; ++c) {
                EXPECT_NEAR(image.view().value(i % 16, i / 16, c), straight(2 - c) / most * alpha, 0.51 / most);
            }
        }
    }
}

TEST_F(Maps, AlphaComesBackStraight) {
    for (const std::string ending : {".png", ".tif", ".webp", ".exr"}) {
        const int type = ending == ".webp" ? CV_8UC4 : CV_16UC4;
        const fs::path path = file("a.png", transparent(type));
        const PackedImage first = read_image(path);
        const PackedImage second = again(path, ending);
        ASSERT_EQ(second.channels(), 4) << ending;
        EXPECT_LE(difference(first, second), ending == ".webp" ? 0.003F : 2e-5F) << ending;
    }
    // Straight in the file: half of the alpha halves what is fitted, not what is written.
    write(directory_ / "half.png", at::full({2, 1, 1}, 0.25), {.channels = 2, .alpha = true});
    const cv::Mat half = cv::imread(directory_ / "half.png", cv::IMREAD_UNCHANGED);
    ASSERT_EQ(half.channels(), 4);
    EXPECT_EQ(half.ptr<std::uint8_t>(0)[0], 255);
    EXPECT_EQ(half.ptr<std::uint8_t>(0)[3], 64);
    write(directory_ / "none.png", at::full({4, 1, 1}, 0.0), {.channels = 4, .alpha = true});
    EXPECT_EQ(cv::imread(directory_ / "none.png", cv::IMREAD_UNCHANGED).ptr<std::uint8_t>(0)[0], 0);
}

TEST_F(Maps, TransparentGreyAndPalettes) {
    const PackedImage grey = decode(png(1, 1, 8, png_grey_alpha, {0, 100, 51}));
    EXPECT_EQ(grey.channels(), 2);
    EXPECT_EQ(grey.view().value(0, 0, 0), 20 / 255.0F);
    Bytes chunks = png_chunk("PLTE", {10, 20, 30, 40, 50, 60});
    append(chunks, png_chunk("tRNS", {255, 0}));
    const PackedImage palette = decode(png(2, 1, 8, png_palette, {0, 1, 0}, chunks));
    EXPECT_EQ(palette.channels(), 4);
    EXPECT_EQ(palette.view().value(0, 0, 0), 0);
    EXPECT_EQ(palette.view().value(1, 0, 2), 30 / 255.0F);
}

TEST_F(Maps, SaysWhatAFormatCannotHold) {
    for (const std::string name : {"a.jpg", "a.bmp"}) {
        const auto sentence =
            sentence_of<UsageError>([&] { check_image_output(name, 4, 4, {.channels = 4, .alpha = true}); });
        expect_contains(sentence, "cannot hold the alpha");
    }
    for (const std::string name : {"a.jpg", "a.bmp", "a.png", "a.webp"}) {
        const auto sentence =
            sentence_of<UsageError>([&] { check_image_output(name, 4, 4, {.channels = 3, .bits = 32}); });
        expect_contains(sentence, "cannot hold the floating point");
    }
}

TEST_F(Maps, SixteenBitComeBackAsTheyWere) {
    for (const int type : {CV_16UC1, CV_16UC3}) {
        const fs::path path = file("a.png", picture(61, 47, type));
        for (const std::string ending : {".png", ".tif", ".exr"}) {
            EXPECT_EQ(read_image(path).maps()[0].bits, 16);
            // EXR: the range of the values is that of the 16 bit.
            const PackedImage back = again(path, ending);
            if (ending == ".exr") {
                EXPECT_EQ(back.maps()[0].bits, 32);
            } else {
                EXPECT_TRUE(fitted(back).equal(fitted(read_image(path)))) << ending;
            }
        }
        EXPECT_EQ(again(path, ".jpg").view().bits, 8);
    }
}

/// Heights from -300 to 5000 with all between, in floats.
cv::Mat heights(int type) {
    cv::Mat image(40, 30, type);
    for (int y = 0; y < image.rows; ++y) {
        for (int i = 0; i < image.cols * image.channels(); ++i) {
            const double part = static_cast<double>(y * image.cols * image.channels() + i) /
                                static_cast<double>(image.total() * static_cast<std::size_t>(image.channels()) - 1);
            image.ptr<float>(y)[i] = static_cast<float>(-300 + 5300 * part);
        }
    }
    return image;
}

TEST_F(Maps, FloatingPointKeepsItsRange) {
    for (const int type : {CV_32FC1, CV_32FC3}) {
        const fs::path path = file("a.tif", heights(type));
        const PackedImage image = read_image(path);
        EXPECT_EQ(image.view().bits, 16);
        EXPECT_EQ(image.maps()[0].bits, 32);
        EXPECT_EQ(image.maps()[0].low, -300);
        EXPECT_EQ(image.maps()[0].high, 5000);
        EXPECT_EQ(fitted(image).min().item<float>(), 0);
        EXPECT_EQ(fitted(image).max().item<float>(), 1);
        for (const std::string ending : {".tif", ".exr"}) {
            const PackedImage back = again(path, ending);
            EXPECT_EQ(back.maps()[0].bits, 32) << ending;
            EXPECT_NEAR(back.maps()[0].low, -300, 0.01) << ending;
            EXPECT_NEAR(back.maps()[0].high, 5000, 0.01) << ending;
            EXPECT_LE(difference(back, image), 2e-5F) << ending;
        }
    }
}

TEST_F(Maps, FloatingPointIsNotClampedOnItsWayOut) {
    write(directory_ / "a.exr", at::full({1, 2, 2}, 1.5), {.bits = 32, .low = 10, .high = 20});
    const ImageMap map = read_image(directory_ / "a.exr").maps()[0];
    EXPECT_EQ(map.low == 25 || map.high == 25, true) << map.low << " " << map.high;
}

TEST_F(Maps, NumbersThatAreNone) {
    cv::Mat image = heights(CV_32FC3);
    image.ptr<float>(3, 7)[0] = std::numeric_limits<float>::infinity();
    EXPECT_EQ(read_image(file("a.tif", image)).maps()[0].high, 5000);
    image.ptr<float>(20, 11)[0] = std::numeric_limits<float>::quiet_NaN();  // blue
    expect_contains(sentence_of<InputError>([&] { read_image(file("a.tif", image)); }),
                    "channel 3 of the pixel at x 11, y 20 is not a number");
    const PackedImage flat = read_image(file("b.tif", cv::Mat(2, 2, CV_32FC1, cv::Scalar(7))));
    EXPECT_LT(flat.maps()[0].low, flat.maps()[0].high);
    const ImageMap& map = flat.maps()[0];
    EXPECT_EQ(map.low + (map.high - map.low) * flat.view().value(0, 0, 0), 7);
}

TEST_F(Maps, DamagedExrIsRefused) {
    write(directory_ / "a.exr", fitted(read_image(file("a.tif", heights(CV_32FC3)))), {.channels = 3, .bits = 32});
    const std::vector<std::byte> whole = read_file(directory_ / "a.exr", 1 << 20);
    const auto* first = reinterpret_cast<const std::uint8_t*>(whole.data());
    for (std::size_t size = 4; size < whole.size(); size += 97) {
        const fs::path cut = file("cut.exr", Bytes(first, first + size));
        expect_contains(sentence_of<InputError>([&] { read_image(cut); }), "cannot read '");
    }
    Bytes huge(first, first + whole.size());
    const std::string_view key("dataWindow");
    const auto place = std::search(huge.begin(), huge.end(), key.begin(), key.end()) - huge.begin() + 11 + 6 + 4 + 8;
    for (int i = 0; i < 8; ++i) huge[static_cast<std::size_t>(place + i)] = i % 4 == 2 ? 2 : 0;  // 131073 a side
    expect_contains(sentence_of<InputError>([&] { read_image(file("huge.exr", huge)); }), "damaged");
}

TEST_F(Maps, ColourProfilesAreCarried) {
    for (const int channels : {1, 3}) {
        const std::vector<std::byte> profile = profile_of(channels == 1 ? "GRAY" : "RGB ", 200'000);
        for (const std::string ending : {".png", ".jpg", ".tif", ".webp"}) {
            if (channels == 1 && ending == ".webp") continue;  // it reads as RGB
            const fs::path path = directory_ / ("a" + ending);
            write(path, at::full({channels, 8, 8}, 0.5), {.channels = channels, .profile = profile});
            EXPECT_TRUE(read_image(path).maps()[0].profile == profile) << ending << channels;
        }
    }
    write(directory_ / "a.tif", at::full({3, 8, 8}, 0.5), {.channels = 3, .profile = profile_of("CMYK", 2000)});
    EXPECT_TRUE(read_image(directory_ / "a.tif").maps()[0].profile.empty());
}

std::vector<std::byte> saved(cmsHPROFILE profile) {
    cmsUInt32Number size = 0;
    cmsSaveProfileToMem(profile, nullptr, &size);
    std::vector<std::byte> bytes(size);
    cmsSaveProfileToMem(profile, bytes.data(), &size);
    cmsCloseProfile(profile);
    return bytes;
}

/// Of RGB with these primaries, D65 and a power as its tone curve.
std::vector<std::byte> rgb_profile(const cmsCIExyYTRIPLE& primaries, double power) {
    const cmsCIExyY white{0.3127, 0.3290, 1};
    cmsToneCurve* tone = cmsBuildGamma(nullptr, power);
    cmsToneCurve* tones[] = {tone, tone, tone};
    const cmsHPROFILE profile = cmsCreateRGBProfile(&white, &primaries, tones);
    cmsFreeToneCurve(tone);
    return saved(profile);
}

std::vector<std::byte> linear_grey() {
    cmsToneCurve* tone = cmsBuildGamma(nullptr, 1);
    const cmsHPROFILE profile = cmsCreateGrayProfile(cmsD50_xyY(), tone);
    cmsFreeToneCurve(tone);
    return saved(profile);
}

constexpr cmsCIExyYTRIPLE rec709{{0.64, 0.33, 1}, {0.30, 0.60, 1}, {0.15, 0.06, 1}};
constexpr cmsCIExyYTRIPLE display_p3{{0.680, 0.320, 1}, {0.265, 0.690, 1}, {0.150, 0.060, 1}};

at::Tensor pixel(const std::vector<double>& values) {
    at::Tensor image = at::empty({static_cast<std::int64_t>(values.size()), 3, 2}, at::kFloat);
    for (std::size_t c = 0; c < values.size(); ++c) image.select(0, static_cast<std::int64_t>(c)).fill_(values[c]);
    return image;
}

void expect_pixels(const PackedImage& image, const std::vector<double>& values) {
    ASSERT_EQ(image.channels(), static_cast<int>(values.size()));
    for (int c = 0; c < image.channels(); ++c) {
        for (int i = 0; i < 6; ++i) {
            EXPECT_NEAR(image.view().value(i % 2, i / 2, c), values[static_cast<std::size_t>(c)], 0.0015) << c;
        }
    }
}

TEST_F(Maps, ColoursAreConvertedToSrgbWhereAskedFor) {
    const fs::path path = directory_ / "a.png";
    const std::vector<std::byte> linear = rgb_profile(rec709, 1);
    write(path, pixel({0.5, 0.2, 0.0}), {.channels = 3, .bits = 16, .profile = linear}, Colours::srgb);
    expect_pixels(read_image(path), {0.7354, 0.4845, 0});  // IEC 61966-2-1
    EXPECT_FALSE(read_image(path).maps()[0].profile.empty());
    EXPECT_FALSE(read_image(path).maps()[0].profile == linear);
    write(path, pixel({0.5, 0.2, 0.0}), {.channels = 3, .bits = 16, .profile = linear});
    expect_pixels(read_image(path), {0.5, 0.2, 0});
    write(path, pixel({0.5, 0.2, 0.0}), {.channels = 3, .bits = 16}, Colours::srgb);
    expect_pixels(read_image(path), {0.5, 0.2, 0});
    // With a power of 1 the matrix alone acts: that of CSS Color 4 from Display P3.
    write(path, pixel({0.3185, 0.2140, 0.1329}), {.channels = 3, .bits = 16, .profile = rgb_profile(display_p3, 1)},
          Colours::srgb);
    expect_pixels(read_image(path), {0.6206, 0.4952, 0.3857});
    write(path, pixel({0.5}), {.channels = 1, .bits = 16, .profile = linear_grey()}, Colours::srgb);
    expect_pixels(read_image(path), {0.7354});
}

TEST_F(Maps, ColoursAreConvertedWithoutTheirAlpha) {
    const ImageMap map{.channels = 4, .alpha = true, .bits = 16, .profile = rgb_profile(rec709, 1)};
    for (const std::string ending : {".png", ".exr"}) {
        const fs::path path = directory_ / ("a" + ending);
        write(path, pixel({0.25, 0.1, 0.0, 0.5}), map, Colours::srgb);
        const PackedImage image = read_image(path);
        ASSERT_EQ(image.channels(), 4);
        const ImageMap& read = image.maps()[0];
        const auto value = [&](int c) { return read.low + (read.high - read.low) * image.view().value(1, 2, c); };
        EXPECT_NEAR(value(0), 0.5 * 0.7354, 0.0015) << ending;
        EXPECT_NEAR(value(1), 0.5 * 0.4845, 0.0015) << ending;
        EXPECT_NEAR(value(3), 0.5, 0.0015) << ending;
    }
}

TEST_F(Maps, AProfileThatConvertsNothingIsRefused) {
    const ImageMap map{.channels = 3, .profile = profile_of("RGB ", 2000)};
    const auto convert = [&] { write(directory_ / "a.png", pixel({0.5, 0.5, 0.5}), map, Colours::srgb); };
    expect_contains(sentence_of<InputError>(convert), "colour profile is damaged");
    EXPECT_FALSE(fs::exists(directory_ / "a.png"));
}

TEST_F(Maps, GammaIsUndoneInFiles) {
    const fs::path path = file("a.png", picture(16, 16, CV_8UC3));
    const PackedImage image = read_image(path, 0, {}, 2.2F);
    EXPECT_EQ(image.view().bits, 16);
    EXPECT_EQ(inspect_image(path, 0, 2.2F).bits, 16);
    EXPECT_EQ(image.maps()[0].gamma, 2.2F);
    const float value = read_image(path).view().value(5, 9, 1);
    EXPECT_NEAR(image.view().value(5, 9, 1), std::pow(value, 2.2F), 1e-5);
    write(directory_ / "back.png", fitted(image), image.maps()[0]);
    EXPECT_TRUE(fitted(read_image(directory_ / "back.png")).equal(fitted(read_image(path))));
}

}  // namespace
}  // namespace gsfit
