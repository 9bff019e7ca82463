// Images written band by band: the pixels of every format against OpenCV's encoders, what failures leave, and memory.

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <opencv2/imgcodecs.hpp>
#include <random>

#include "gsfit/core/error.h"
#include "gsfit/core/file.h"
#include "gsfit/image.h"
#include "unit/sentences.h"
#include "unit/temporary_directory.h"

namespace gsfit {
namespace {

constexpr std::array formats{".png", ".jpg", ".tif", ".webp", ".bmp"};

cv::Mat noise(std::int64_t width, std::int64_t height, int channels) {
    std::mt19937 random(7);
    cv::Mat image(static_cast<int>(height), static_cast<int>(width), CV_MAKETYPE(CV_8U, channels));
    std::generate_n(image.data, image.total() * image.elemSize(), [&] { return static_cast<std::uint8_t>(random()); });
    return image;
}

/// Rows of an image in OpenCV's order (blue first) as a band.
at::Tensor band_of(const cv::Mat& image, std::int64_t first, std::int64_t rows) {
    at::Tensor band = at::empty({image.channels(), rows, image.cols}, at::kFloat);
    auto* value = band.data_ptr<float>();
    for (int channel = image.channels() - 1; channel >= 0; --channel) {
        for (std::int64_t y = first; y < first + rows; ++y) {
            const std::uint8_t* row = image.ptr(static_cast<int>(y));
            for (int x = 0; x < image.cols; ++x) {
                *value++ = static_cast<float>(row[x * image.channels() + channel]) / 255;
            }
        }
    }
    return band;
}

ImageBands bands_of(const cv::Mat& image) {
    return {.width = image.cols,
            .height = image.rows,
            .channels = image.channels(),
            .band = [&image](std::int64_t first, std::int64_t rows) { return band_of(image, first, rows); }};
}

cv::Mat decode(const std::vector<std::uint8_t>& bytes, int channels) {
    return cv::imdecode(bytes, channels == 1 ? cv::IMREAD_GRAYSCALE : cv::IMREAD_COLOR);
}

cv::Mat decode_file(const std::filesystem::path& path, int channels) {
    const std::vector<std::byte> bytes = read_file(path, std::size_t{1} << 30);
    const auto* begin = reinterpret_cast<const std::uint8_t*>(bytes.data());
    return decode({begin, begin + bytes.size()}, channels);
}

void expect_written(const TemporaryDirectory& directory, const std::string& ending, const cv::Mat& image) {
    SCOPED_TRACE(testing::Message() << ending << " " << image.cols << " x " << image.rows << " x " << image.channels());
    const std::filesystem::path path = directory / ("image" + ending);
    write_image(path, bands_of(image));
    cv::Mat wanted = image;
    if (ending == ".jpg") {
        std::vector<std::uint8_t> bytes;
        cv::imencode(".jpg", image, bytes);
        wanted = decode(bytes, image.channels());
    }
    const cv::Mat got = decode_file(path, image.channels());
    ASSERT_EQ(got.size(), wanted.size());
    ASSERT_EQ(got.type(), wanted.type());
    EXPECT_LE(cv::norm(got, wanted, cv::NORM_INF), ending == ".jpg" ? 1 : 0);
}

TEST(ImageWriteBands, EveryFormatHasThePixelsOfOpenCVsEncoder) {
    const TemporaryDirectory directory;
    for (const std::string ending : formats) {
        for (const int channels : {1, 3}) {
            expect_written(directory, ending, noise(203, 600, channels));  // bands of 256, 256 and 88 rows
            expect_written(directory, ending, noise(203, 512, channels));
            expect_written(directory, ending, noise(1, 1, channels));
            expect_written(directory, ending, noise(1, 700, channels));
            expect_written(directory, ending, noise(700, 1, channels));
        }
    }
}

TEST(ImageWriteBands, BandsAreOfSomeBlocksAndAskedForFromTheTop) {
    EXPECT_EQ(write_image_rows(1, 1), 256);
    EXPECT_EQ(write_image_rows(6976, 3), 192);
    EXPECT_EQ(write_image_rows(16384, 3), 64);
    EXPECT_EQ(write_image_rows(1'000'000, 3), 64);
    const TemporaryDirectory directory;
    const cv::Mat image = noise(6976, 450, 3);
    std::vector<std::pair<std::int64_t, std::int64_t>> asked;
    ImageBands bands = bands_of(image);
    bands.band = [&](std::int64_t first, std::int64_t rows) {
        asked.emplace_back(first, rows);
        return band_of(image, first, rows);
    };
    write_image(directory / "a.bmp", bands);
    EXPECT_EQ(asked, (std::vector<std::pair<std::int64_t, std::int64_t>>{{0, 192}, {192, 192}, {384, 66}}));
}

TEST(ImageWriteBands, AnExceptionOfABandLeavesWhatWasThere) {
    const TemporaryDirectory directory;
    const cv::Mat image = noise(100, 1000, 3);
    for (const std::string ending : formats) {
        SCOPED_TRACE(ending);
        const std::filesystem::path path = directory / ("old" + ending);
        write_file_atomically(path, "old");
        ImageBands bands = bands_of(image);
        bands.band = [&](std::int64_t first, std::int64_t rows) {
            if (first >= 512) throw std::runtime_error("band 3");
            return band_of(image, first, rows);
        };
        EXPECT_EQ(sentence_of<std::runtime_error>([&] { write_image(path, bands); }), "band 3");
        EXPECT_THROW(write_image(directory / ("new" + ending), bands), std::runtime_error);
        bands.band = [&](std::int64_t first, std::int64_t rows) { return band_of(image, first, rows - 1); };
        EXPECT_THROW(write_image(path, bands), Error);
        EXPECT_EQ(std::filesystem::file_size(path), 3U);
        EXPECT_EQ(directory.names(), std::set<std::string>{"old" + ending});
        std::filesystem::remove(path);
    }
}

/// Files of this process end at `bytes`, as on a full disk.
class FileLimit {
public:
    explicit FileLimit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
        ::getrlimit(RLIMIT_FSIZE, &limit_);
        const rlimit small{bytes, limit_.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &small);
    }
    FileLimit(const FileLimit&) = delete;
    FileLimit& operator=(const FileLimit&) = delete;
    ~FileLimit() {
        ::setrlimit(RLIMIT_FSIZE, &limit_);
        std::signal(SIGXFSZ, handler_);
    }

private:
    void (*handler_)(int);
    rlimit limit_{};
};

TEST(ImageWriteBands, AFullDiskIsAnOutputErrorAtAnyByte) {
    const TemporaryDirectory directory;
    const cv::Mat image = noise(60, 300, 3);
    for (const std::string ending : formats) {
        const std::filesystem::path path = directory / ("image" + ending);
        write_image(path, bands_of(image));
        const auto size = static_cast<rlim_t>(std::filesystem::file_size(path));
        for (const rlim_t bytes : {rlim_t{0}, rlim_t{7}, size / 2, size - 1}) {
            SCOPED_TRACE(testing::Message() << ending << " " << bytes << " of " << size);
            write_file_atomically(path, "");
            const FileLimit limit(bytes);
            const std::string sentence = sentence_of<OutputError>([&] { write_image(path, bands_of(image)); });
            expect_contains(sentence, path.string());
            expect_contains(sentence, "File too large");
            EXPECT_EQ(std::filesystem::file_size(path), 0U);
        }
        EXPECT_EQ(directory.names(), std::set<std::string>{"image" + ending});
        std::filesystem::remove(path);
    }
}

std::int64_t peak_bytes() {
    std::ifstream status("/proc/self/status");
    for (std::string word; status >> word;) {
        std::int64_t kib = 0;
        if (word == "VmHWM:" && status >> kib) return kib * 1024;
    }
    return 0;
}

constexpr std::int64_t large_width = 4096;
constexpr std::int64_t large_height = 16384;

/// How much more the process grows than write_image_bytes says, while noise is written, which no format makes small.
std::int64_t excess(const std::string& ending) {
    const TemporaryDirectory directory;
    const std::filesystem::path path = directory / ("image" + ending);
    const cv::Mat image = noise(large_width, 256, 1);
    write_image(path, bands_of(image));  // whatever is loaded once
    const std::int64_t before = peak_bytes();
    const at::Tensor band = band_of(image, 0, image.rows);
    write_image(path, {.width = large_width,
                       .height = large_height,
                       .channels = 1,
                       .band = [&band](std::int64_t, std::int64_t rows) { return band.narrow(1, 0, rows); }});
    return peak_bytes() - before - write_image_bytes(path, large_width, large_height, 1);
}

TEST(ImageWriteBandsDeathTest, MemoryIsThatOfABand) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    GTEST_SKIP() << "the sanitizers keep freed memory for a while";
#endif
    GTEST_FLAG_SET(death_test_style, "threadsafe");  // a process of its own
    for (const std::string ending : {".png", ".jpg", ".tif", ".bmp"}) {
        // The image in 8 bit, and its file, take four times as much.
        EXPECT_LT(write_image_bytes("image" + ending, large_width, large_height, 1), large_width * large_height / 4);
        EXPECT_EXIT(std::exit(excess(ending) > 0 ? 1 : 0), testing::ExitedWithCode(0), "") << ending;
    }
}

TEST(ImageWriteBands, WebpNeedsItsImageWhole) {
    EXPECT_GT(write_image_bytes("a.webp", 4096, 4096, 3), 4096 * 4096 * 4);
    EXPECT_THROW(write_image_bytes("a.gif", 4096, 4096, 3), UsageError);
}

TEST(ImageWriteBands, OtherChannelsAndSizesAreRefused) {
    const TemporaryDirectory directory;
    for (const auto& [width, height, channels] :
         {std::tuple{4, 4, 2}, std::tuple{0, 4, 1}, std::tuple{4, 0, 3}, std::tuple{-4, 4, 3}}) {
        const ImageBands bands{width, height, channels, [](std::int64_t, std::int64_t) { return at::Tensor(); }};
        EXPECT_THROW(write_image(directory / "a.png", bands), Error);
    }
    EXPECT_EQ(directory.names(), std::set<std::string>{});
}

}  // namespace
}  // namespace gsfit
