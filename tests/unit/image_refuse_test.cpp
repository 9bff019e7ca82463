// Files that cannot be fitted are refused with a sentence, without noise on stderr and without large allocations.

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <functional>
#include <random>

#include "gsfit/core/error.h"
#include "unit/image_files.h"
#include "unit/temporary_directory.h"

namespace gsfit {
namespace {

using namespace image_files;

/// The sentence with which `read` is refused; "" when it is not. Anything printed on stderr is a failure.
std::string sentence_of(const std::function<void()>& read) {
    testing::internal::CaptureStderr();
    std::string sentence;
    try {
        read();
    } catch (const InputError& error) {
        sentence = error.what();
    }
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
    return sentence;
}

std::string refusal(const Bytes& file) {
    return sentence_of([&file] { decode(file); });
}

void expect_refused(const Bytes& file, const std::string& part) {
    EXPECT_NE(refusal(file).find(part), std::string::npos) << "got: " << refusal(file) << "\nwanted: " << part;
}

TEST(ImageRefuse, EveryTruncation) {
    for (const NamedFile& file : files_of_every_kind()) {
        SCOPED_TRACE(file.name);
        ASSERT_EQ(refusal(file.bytes), "");
        const std::size_t step = std::max<std::size_t>(1, file.bytes.size() / 300);
        for (std::size_t size = 0; size < file.bytes.size(); size += size + 40 < file.bytes.size() ? step : 1) {
            const Bytes cut(file.bytes.begin(), file.bytes.begin() + static_cast<std::ptrdiff_t>(size));
            EXPECT_NE(refusal(cut), "") << "cut at " << size << " of " << file.bytes.size();
        }
    }
}

TEST(ImageRefuse, DamageNeverCrashesAndNeverTalks) {
    std::mt19937 random(5);
    for (const NamedFile& file : files_of_every_kind()) {
        SCOPED_TRACE(file.name);
        for (int round = 0; round < 60; ++round) {
            Bytes damaged = file.bytes;
            for (int flip = 0; flip < 4; ++flip) damaged[random() % damaged.size()] ^= 1U << random() % 8;
            refusal(damaged);
        }
    }
}

TEST(ImageRefuse, DamagedPixelsArePngErrors) {
    Bytes file = encode(".png", picture(61, 47, CV_8UC3));
    file[file.size() / 2] ^= 0x10;
    expect_refused(file, "damaged");
}

TEST(ImageRefuse, OtherKindsOfFile) {
    expect_refused({}, "it is empty");
    Bytes text;
    append(text, "a text that calls itself an image\n");
    expect_refused(text, "no PNG, JPEG, TIFF, WebP or EXR");
    expect_refused(encode(".bmp", picture(4, 4, CV_8UC3)), "no PNG, JPEG, TIFF, WebP or EXR");
    expect_refused({0x76, 0x2F, 0x31, 0x01, 2, 0, 0, 0}, "damaged");
    append(text = {}, "#?RADIANCE\n");
    expect_refused(text, "HDR and PFM are not read");
}

TEST(ImageRefuse, FloatTiffOfOtherThan32Bit) {
    expect_refused(encode(".tif", cv::Mat(8, 8, CV_64FC1, cv::Scalar(0.5))), "floating point of 64 bit");
    expect_refused(encode(".tif", cv::Mat(8, 8, CV_32FC3, cv::Scalar(0.5, 0.5, 0.5))), "logarithms");
    auto half = tiff_entries(2, 1, 16, 1, 1);
    half.push_back({339, {3}});
    expect_refused(tiff(half, {{0, 0, 0, 0}}), "floating point");
}

TEST(ImageRefuse, TiffKinds) {
    expect_refused(tiff(tiff_entries(8, 1, 1, 1, 1), {{0x55}}), "8 or 16 bit");
    auto with_sign = tiff_entries(2, 1, 8, 1, 1);
    with_sign.push_back({339, {2}});
    expect_refused(tiff(with_sign, {{0, 0}}), "8 or 16 bit");
    expect_refused(tiff(tiff_entries(1, 1, 8, 5, 4), {{0, 0, 0, 0}}), "neither grey nor RGB");
    expect_refused(tiff(tiff_entries(1, 1, 8, 2, 5), {{0, 0, 0, 0, 0}}), "neither grey nor RGB");
}

TEST(ImageRefuse, CmykJpeg) {
    const Bytes file{0xFF, 0xD8, 0xFF, 0xC0, 0, 20, 8, 0, 8, 0, 8, 4, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0,    4,
                     0x11, 0,    0xFF, 0xDA, 0, 14, 4, 1, 0, 2, 0, 3, 0, 4,    0, 0, 63,   0, 0, 0,    0xFF, 0xD9};
    expect_refused(file, "CMYK");
}

TEST(ImageRefuse, AnimatedWebp) {
    const Bytes still = encode(".webp", picture(8, 8, CV_8UC3));
    expect_refused(webp_with_exif(still, 8, 8, {}, 0x02), "animation");
}

/// The largest size this process ever had [KiB].
std::int64_t peak_memory() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

TEST(ImageRefuse, AbsurdSizesCostNothing) {
    const std::int64_t before = peak_memory();
    expect_refused(png(100'000, 100'000, 8, png_rgb, {0, 0}), "100000 x 100000");
    expect_refused(png(2'000'000'000, 2'000'000'000, 16, png_rgb, {0, 0}), "1000000 a side");
    expect_refused(png(5'000, 5'000, 16, png_rgb, {0, 0}), "damaged");
    expect_refused(tiff(tiff_entries(40'000, 40'000, 16, 2, 3), {{0, 0}}), "40000 x 40000");
    expect_refused(tiff(tiff_entries(4'000'000'000U, 4'000'000'000U, 16, 2, 3), {{0, 0}}), "damaged");
    expect_refused(tiff(tiff_entries(0, 1, 8, 2, 3), {{0, 0}}), "damaged");
    expect_refused(tiff(tiff_entries(5'000, 5'000, 16, 2, 3), {{0, 0}}), "damaged");
    for (const std::uint32_t side : {1U << 12, 1U << 15, 1U << 24}) {
        auto tiles = tiff_entries(1, 1, 8, 2, 3);
        tiles.push_back({322, {side}});
        tiles.push_back({323, {side}});
        expect_refused(tiff(tiles, {{0, 0}}, true), "smaller tiles");
    }
    for (const std::vector<int>& options : {std::vector<int>{}, {cv::IMWRITE_JPEG_PROGRESSIVE, 1}}) {
        Bytes jpeg = encode(".jpg", picture(16, 16, CV_8UC3), options);
        const std::array<std::uint8_t, 2> sof{0xFF, static_cast<std::uint8_t>(options.empty() ? 0xC0 : 0xC2)};
        const auto header = std::search(jpeg.begin(), jpeg.end(), sof.begin(), sof.end());
        ASSERT_NE(header, jpeg.end());
        std::copy_n(std::array<std::uint8_t, 4>{0x7F, 0xFF, 0x7F, 0xFF}.begin(), 4, header + 5);
        expect_refused(jpeg, "too few bytes");
        std::copy_n(std::array<std::uint8_t, 4>{0xFF, 0xDC, 0xFF, 0xDC}.begin(), 4, header + 5);
        expect_refused(jpeg, "65500");
    }
    EXPECT_LT(peak_memory() - before, 64 * 1024);
}

TEST(ImageRefuse, MaxPixelsIsTheLimitGiven) {
    const Bytes file = encode(".png", picture(10, 10, CV_8UC3));
    EXPECT_EQ(decode_image(std::as_bytes(std::span(file)), "x", 0, 100).width(), 10);
    EXPECT_THROW(decode_image(std::as_bytes(std::span(file)), "x", 0, 99), InputError);
}

class ImageRead : public testing::Test {
protected:
    [[nodiscard]] std::filesystem::path write(const std::string& name, const Bytes& bytes) const {
        std::ofstream(directory / name, std::ios::binary)
            .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
        return directory / name;
    }

    const TemporaryDirectory directory;
};

TEST_F(ImageRead, ContentDecidesOnTheFormat) {
    EXPECT_EQ(read_image(write("a.jpg", encode(".png", picture(5, 3, CV_8UC3)))).width(), 5);
    EXPECT_EQ(read_image(write("noending", encode(".webp", picture(5, 3, CV_8UC3)))).width(), 5);
    EXPECT_EQ(read_image(write("b.png", encode(".tif", picture(50, 30, CV_8UC3))), 10).height(), 6);
}

TEST_F(ImageRead, SentencesNameTheFile) {
    const auto refused = [](const std::filesystem::path& path, const std::string& part) {
        const std::string sentence = sentence_of([&path] { read_image(path); });
        EXPECT_NE(sentence.find("'" + path.string() + "'"), std::string::npos) << sentence;
        EXPECT_NE(sentence.find(part), std::string::npos) << sentence;
    };
    refused(directory / "missing.png", "No such file");
    refused(directory.path(), "directory");
    refused(write("empty.png", {}), "empty");
    Bytes text;
    append(text, "hello");
    refused(write("text.png", text), "no PNG");
    append(text, " to everyone who reads this");
    refused(write("longer_text.png", text), "no PNG");
}

TEST_F(ImageRead, AHugeFileOfAnotherKindIsNotRead) {
    const std::filesystem::path path = write("film.mp4", Bytes(100, 7));
    std::filesystem::resize_file(path, std::uintmax_t{1} << 32);
    const std::int64_t before = peak_memory();
    EXPECT_THROW(read_image(path), InputError);
    EXPECT_LT(peak_memory() - before, 64 * 1024);
}

}  // namespace
}  // namespace gsfit
