// Pixels in a mapped file are those in memory, stay out of the resident set and leave nothing behind; a header tells
// what reading gives.

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <cstring>
#include <fstream>
#include <opencv2/imgproc.hpp>

#include "gsfit/core/error.h"
#include "gsfit/core/file.h"
#include "unit/image_files.h"
#include "unit/sentences.h"
#include "unit/temporary_directory.h"

namespace gsfit {
namespace {

using namespace image_files;
namespace fs = std::filesystem;

/// Interlaced, in every bit depth and orientation, from white, with a palette, in planes: what files_of_every_kind
/// leaves out.
std::vector<NamedFile> more_kinds() {
    std::vector<NamedFile> files{
        {"16 bit png with alpha", encode(".png", picture(61, 47, CV_16UC4))},
        {"png of 2 bit", png(4, 1, 2, png_grey, {0, 0b00011011})},
        {"grey png with alpha", png(2, 1, 8, png_grey_alpha, {0, 7, 255, 9, 255})},
        {"png with a palette", png(2, 1, 8, png_palette, {0, 1, 0}, png_chunk("PLTE", {1, 2, 3, 40, 50, 60}))},
        {"tiff from white", tiff(tiff_entries(2, 1, 16, 0, 1), {{0x00, 0x00, 0x34, 0x12}})}};
    auto planar = tiff_entries(2, 2, 8, 2, 3);
    planar.push_back({284, {2}});
    files.push_back({"planar tiff", tiff(planar, {{1, 2, 3, 4}, {5, 6, 7, 8}, {9, 10, 11, 12}})});
    auto palette = tiff_entries(2, 1, 8, 3, 1);
    palette.push_back({320, std::vector<std::uint32_t>(3 * 256, 0x1234)});
    files.push_back({"tiff with a palette", tiff(palette, {{0, 7}})});
    for (int orientation = 1; orientation <= 8; ++orientation) {
        const Bytes chunk = png_chunk("eXIf", exif(orientation));
        files.push_back({"png turned by " + std::to_string(orientation),
                         with_png_chunk(encode(".png", picture(61, 47, CV_16UC3)), chunk)});
    }
    return files;
}

Bytes png_with_exif_after_its_pixels(int orientation) {
    constexpr std::ptrdiff_t end_chunk = 12;
    Bytes file = encode(".png", picture(61, 47, CV_8UC3));
    const Bytes chunk = png_chunk("eXIf", exif(orientation));
    file.insert(file.end() - end_chunk, chunk.begin(), chunk.end());
    return file;
}

Bytes pixels_of(const PackedImage& image) {
    const auto* first = reinterpret_cast<const std::uint8_t*>(image.view().data);
    return {first, first + image.view().row_bytes * static_cast<std::size_t>(image.height())};
}

void expect_equal(const PackedImage& got, const PackedImage& wanted) {
    EXPECT_EQ(got.width(), wanted.width());
    EXPECT_EQ(got.height(), wanted.height());
    EXPECT_EQ(got.channels(), wanted.channels());
    EXPECT_EQ(got.view().bits, wanted.view().bits);
    EXPECT_EQ(got.view().row_bytes, wanted.view().row_bytes);
    EXPECT_TRUE(pixels_of(got) == pixels_of(wanted));
}

/// A field of /proc/self/status, such as VmRSS [KiB].
std::int64_t status_of_process(const std::string& field) {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with(field + ":")) return std::stoll(line.substr(field.size() + 1));
    }
    ADD_FAILURE() << "no " << field;
    return 0;
}

void forget_peak() {
    std::ofstream file("/proc/self/clear_refs");
    file << "5" << std::flush;
    EXPECT_TRUE(file.good());
}

class ImageStorage : public testing::Test {
protected:
    void write(const Bytes& bytes) const {
        std::ofstream(path, std::ios::binary)
            .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    }
    [[nodiscard]] PackedImage read_into_file(const Bytes& bytes, std::int64_t resize_max = 0) const {
        write(bytes);
        return read_image(path, resize_max, {folder.path()});
    }
    void expect_same_in_file(const Bytes& bytes) const {
        const PackedImage in_file = read_into_file(bytes);
        const PackedImage in_memory = read_image(path);
        EXPECT_FALSE(in_memory.in_file());
        EXPECT_TRUE(in_file.in_file());
        expect_equal(in_file, in_memory);
        EXPECT_EQ(folder.names(), std::set<std::string>{});
    }

    const TemporaryDirectory source;
    const TemporaryDirectory folder;
    const fs::path path = source / "image";
};

TEST_F(ImageStorage, EveryKindHasTheSamePixelsInAFile) {
    for (const auto& kinds : {files_of_every_kind(), more_kinds()}) {
        for (const NamedFile& file : kinds) {
            SCOPED_TRACE(file.name);
            expect_same_in_file(file.bytes);
        }
    }
}

/// What is done band by band meets two bands, with alpha and without.
TEST_F(ImageStorage, TwoBands) {
    constexpr std::uint32_t width = 2000;
    constexpr std::uint32_t height = 3001;
    cv::Mat stored(height, width, CV_8UC4);
    cv::RNG(1).fill(stored, cv::RNG::UNIFORM, 0, 256);
    cv::insertChannel(cv::Mat(height, width, CV_8UC1, cv::Scalar(255)), stored, 3);
    const Bytes values(stored.datastart, stored.dataend);
    for (std::uint32_t orientation = 1; orientation <= 8; ++orientation) {
        SCOPED_TRACE(orientation);
        auto entries = tiff_entries(width, height, 8, 2, 4);
        entries.push_back({274, {orientation}});
        entries.push_back({338, {2}});
        write(tiff(entries, {values}));
        cv::Mat wanted;
        cv::cvtColor(shown(stored, static_cast<int>(orientation)), wanted, cv::COLOR_RGBA2RGB);
        const Bytes pixels(wanted.datastart, wanted.dataend);
        EXPECT_TRUE(pixels_of(read_image(path)) == pixels);
        EXPECT_TRUE(pixels_of(read_image(path, 0, {folder.path()})) == pixels);
    }
}

TEST_F(ImageStorage, ScaledDownPixelsLieInMemory) {
    const Bytes file = encode(".png", picture(61, 47, CV_8UC4));
    const PackedImage scaled = read_into_file(file, 20);
    EXPECT_FALSE(scaled.in_file());
    expect_equal(scaled, read_image(path, 20));
    EXPECT_TRUE(read_into_file(file, 61).in_file());
}

TEST_F(ImageStorage, AFileIsNotResident) {
    constexpr int megabyte = 1024;  // [KiB]
    write(encode(".png", picture(4096, 5462, CV_8UC4), {cv::IMWRITE_PNG_COMPRESSION, 1}));
    const std::int64_t before = status_of_process("VmRSS");
    forget_peak();
    const PackedImage image = read_image(path, 0, {folder.path()});
    EXPECT_LT(status_of_process("VmHWM") - before, 48 * megabyte);
    EXPECT_LT(status_of_process("VmRSS") - before, 8 * megabyte);

    const Bytes pixels = pixels_of(image);
    const std::int64_t band = 1000;
    const std::int64_t touched = status_of_process("VmRSS");
    EXPECT_GT(touched - before, 120 * megabyte);  // the mapping's 64 MiB and the copy's
    image.drop({0, image.height()});
    const std::int64_t dropped = status_of_process("VmRSS");
    EXPECT_GT(touched - dropped, 60 * megabyte);

    const ImageInfo info = inspect_image(path);
    volatile std::size_t sum = 0;
    const std::byte* first = image.view().pixel(0, band);
    for (std::int64_t i = 0; i < band * info.row_bytes(); i += 64) sum = sum + std::to_integer<std::size_t>(first[i]);
    const std::int64_t resident = (status_of_process("VmRSS") - dropped) * 1024;
    EXPECT_GT(resident, band * info.row_bytes() * 9 / 10);
    EXPECT_LT(resident, info.resident_bytes(band) + info.bytes() / 20);
    EXPECT_TRUE(pixels == pixels_of(image));
}

TEST_F(ImageStorage, MovesFromMemory) {
    write(encode(".png", picture(3000, 2500, CV_16UC3), {cv::IMWRITE_PNG_COMPRESSION, 1}));
    const PackedImage wanted = read_image(path);
    const PackedImage moved = PackedImage(wanted).moved_to_file(folder.path());
    EXPECT_TRUE(moved.in_file());
    expect_equal(moved, wanted);
    EXPECT_EQ(folder.names(), std::set<std::string>{});
}

TEST_F(ImageStorage, AdviceChangesNoPixel) {
    write(encode(".png", picture(301, 203, CV_8UC3)));
    for (const PackedImage& image : {read_image(path), read_image(path, 0, {folder.path()})}) {
        const Bytes pixels = pixels_of(image);
        for (const Rows& rows : {Rows{0, 203}, Rows{7, 1}, Rows{0, 0}, Rows{-5, 3}, Rows{200, 50}, Rows{500, 1}}) {
            image.drop(rows);
            image.prefetch(rows);
        }
        EXPECT_TRUE(pixels_of(image) == pixels);
    }
}

TEST_F(ImageStorage, SaysWhyAFolderWillNotDo) {
    write(encode(".png", picture(100, 100, CV_8UC3)));
    const auto refusal = [this](const fs::path& storage) {
        return sentence_of<OutputError>([&] { read_image(path, 0, {storage}); });
    };
    expect_contains(refusal(folder / "missing"), "'" + (folder / "missing").string() + "': No such file");
    expect_contains(refusal(path / "below"), "Not a directory");
    expect_contains(sentence_of<OutputError>([&] { lies_in_memory(folder / "missing"); }), "No such file");
    EXPECT_THROW(read_image(path).moved_to_file(folder / "missing"), OutputError);
}

TEST_F(ImageStorage, AFullDiskIsAnError) {
    write(encode(".png", picture(100, 100, CV_8UC3)));
    const auto handler = std::signal(SIGXFSZ, SIG_IGN);
    rlimit limit{};
    ::getrlimit(RLIMIT_FSIZE, &limit);
    const rlimit small{20'000, limit.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &small);
    const std::string sentence = sentence_of<OutputError>([&] { read_image(path, 0, {folder.path()}); });
    ::setrlimit(RLIMIT_FSIZE, &limit);
    std::signal(SIGXFSZ, handler);
    expect_contains(sentence, "File too large; make room for its 30000 bytes");
    EXPECT_EQ(folder.names(), std::set<std::string>{});
}

TEST_F(ImageStorage, DamagedPixelsLeaveNothing) {
    Bytes file = encode(".png", picture(61, 47, CV_8UC3));
    file[file.size() / 2] ^= 0x10;
    EXPECT_THROW(read_into_file(file), InputError);
    EXPECT_EQ(folder.names(), std::set<std::string>{});
}

TEST_F(ImageStorage, TellsFoldersInMemory) {
    EXPECT_TRUE(lies_in_memory("/dev/shm"));
    EXPECT_FALSE(lies_in_memory("/proc"));
}

class ImageInspect : public ImageStorage {
protected:
    void expect_told(const Bytes& bytes) const {
        write(bytes);
        for (const std::int64_t resize_max : {0, 20, 47, 60, 1000}) {
            const ImageInfo info = inspect_image(path, resize_max);
            const PackedImage image = read_image(path, resize_max);
            EXPECT_EQ(info.width, image.width());
            EXPECT_EQ(info.height, image.height());
            const bool alpha = info.channels % 2 == 0;  // opaque, which only decoding tells
            EXPECT_EQ(info.channels - (alpha ? 1 : 0), image.channels());
            EXPECT_EQ(info.bits, image.view().bits);
        }
    }
};

TEST_F(ImageInspect, TellsWhatReadingGives) {
    for (const auto& kinds : {files_of_every_kind(), more_kinds()}) {
        for (const NamedFile& file : kinds) {
            SCOPED_TRACE(file.name);
            expect_told(file.bytes);
        }
    }
}

TEST_F(ImageInspect, FindsExifAfterThePixels) {
    for (const int orientation : {1, 6}) expect_told(png_with_exif_after_its_pixels(orientation));
    EXPECT_EQ(inspect_image(path).width, 47);
}

TEST_F(ImageInspect, RefusesAsReadingDoes) {
    const auto expect_same_refusal = [this] {
        const std::string told = sentence_of<InputError>([this] { inspect_image(path); });
        EXPECT_NE(told, "");
        EXPECT_EQ(told, sentence_of<InputError>([this] { read_image(path); }));
    };
    expect_same_refusal();  // missing
    for (const NamedFile& file : files_of_every_kind()) {
        SCOPED_TRACE(file.name);
        for (const std::size_t size : {0, 5, 14, 22}) {
            write(Bytes(file.bytes.begin(), file.bytes.begin() + static_cast<std::ptrdiff_t>(size)));
            expect_same_refusal();
        }
    }
    for (const Bytes& bytes : {encode(".bmp", picture(4, 4, CV_8UC3)), png(100'000, 100'000, 8, png_rgb, {0, 0}),
                               tiff(tiff_entries(8, 1, 1, 1, 1), {{0x55}}),
                               webp_with_exif(encode(".webp", picture(8, 8, CV_8UC3)), 8, 8, {}, 0x02)}) {
        write(bytes);
        expect_same_refusal();
    }
}

TEST_F(ImageInspect, DecodesNothing) {
    write(png(5'000, 5'000, 16, png_rgb, {0, 0}));
    EXPECT_EQ(inspect_image(path).bytes(), 5'000LL * 5'000 * 6);
}

}  // namespace
}  // namespace gsfit
