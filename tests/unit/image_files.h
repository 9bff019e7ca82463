// Image files for the tests, made in memory: by OpenCV where it writes the kind, else byte by byte.

#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <opencv2/imgcodecs.hpp>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gsfit/image.h"

namespace gsfit::image_files {

using Bytes = std::vector<std::uint8_t>;

inline PackedImage decode(const Bytes& file, std::int64_t resize_max = 0) {
    return decode_image(std::as_bytes(std::span(file)), "test image", resize_max);
}

// By push_back: GCC 12 takes insert at the end of a small vector for an overflow.
inline void append(Bytes& bytes, std::string_view text) {
    for (const char letter : text) bytes.push_back(static_cast<std::uint8_t>(letter));
}
inline void append(Bytes& bytes, std::span<const std::uint8_t> more) {
    for (const std::uint8_t byte : more) bytes.push_back(byte);
}

inline void append_big_endian(Bytes& bytes, std::uint64_t value, int size) {
    for (int i = size - 1; i >= 0; --i) bytes.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}
inline void append_little_endian(Bytes& bytes, std::uint64_t value, int size) {
    for (int i = 0; i < size; ++i) bytes.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

/// Smooth enough for lossy formats, different in every pixel and channel; an alpha channel is opaque.
inline cv::Mat picture(int width, int height, int type) {
    cv::Mat image(height, width, type);
    const int channels = image.channels();
    const double top = image.depth() == CV_8U ? 255 : 65535;
    for (int y = 0; y < height; ++y) {
        for (int i = 0; i < width * channels; ++i) {
            const double x = i / channels;
            const bool alpha = channels == 4 && i % channels == 3;
            const double value = alpha ? 1 : (0.1 + 0.3 * x / width + 0.3 * y / height + 0.1 * (i % channels));
            if (image.depth() == CV_8U) {
                image.ptr<std::uint8_t>(y)[i] = static_cast<std::uint8_t>(value * top);
            } else {
                image.ptr<std::uint16_t>(y)[i] = static_cast<std::uint16_t>(value * top);
            }
        }
    }
    return image;
}

/// How orientation o shows stored pixels, by its definition in EXIF: which stored pixel the shown (x, y) is.
inline cv::Mat shown(const cv::Mat& stored_pixels, int orientation) {
    const bool turned = orientation >= 5;
    cv::Mat result(turned ? stored_pixels.cols : stored_pixels.rows, turned ? stored_pixels.rows : stored_pixels.cols,
                   stored_pixels.type());
    const int right = stored_pixels.cols - 1;
    const int bottom = stored_pixels.rows - 1;
    for (int y = 0; y < result.rows; ++y) {
        for (int x = 0; x < result.cols; ++x) {
            const std::array<cv::Point, 9> sources{cv::Point{},     {x, y}, {right - x, y},  {right - x, bottom - y},
                                                   {x, bottom - y}, {y, x}, {y, bottom - x}, {right - y, bottom - x},
                                                   {right - y, x}};
            const cv::Point from = sources[static_cast<std::size_t>(orientation)];
            std::copy_n(stored_pixels.ptr(from.y, from.x), stored_pixels.elemSize(), result.ptr(y, x));
        }
    }
    return result;
}

inline Bytes encode(const std::string& ending, const cv::Mat& image, const std::vector<int>& options = {}) {
    Bytes bytes;
    cv::imencode(ending, image, bytes, options);
    return bytes;
}

/// A block of EXIF data that holds the orientation only.
inline Bytes exif(int orientation, bool big_endian = false) {
    const auto add = big_endian ? append_big_endian : append_little_endian;
    Bytes block;
    append(block, big_endian ? "MM" : "II");
    add(block, 42, 2);
    add(block, 8, 4);
    add(block, 1, 2);
    add(block, 0x0112, 2);
    add(block, 3, 2);
    add(block, 1, 4);
    add(block, static_cast<std::uint64_t>(orientation), 2);
    add(block, 0, 2);
    add(block, 0, 4);
    return block;
}

inline Bytes jpeg_with_exif(const Bytes& jpeg, const Bytes& block) {
    Bytes file;
    append(file, std::span(jpeg).first(2));
    append_big_endian(file, 0xFFE1, 2);
    append_big_endian(file, block.size() + 8, 2);
    append(file, std::string_view("Exif\0\0", 6));
    append(file, block);
    append(file, std::span(jpeg).subspan(2));
    return file;
}

/// The WebP's image chunk in an extended file with the given flags and an EXIF chunk.
inline Bytes webp_with_exif(const Bytes& webp, int width, int height, const Bytes& block, int flags = 0x08) {
    Bytes chunks;
    append(chunks, "WEBPVP8X");
    append_little_endian(chunks, 10, 4);
    append_little_endian(chunks, static_cast<std::uint64_t>(flags), 4);
    append_little_endian(chunks, static_cast<std::uint64_t>(width - 1), 3);
    append_little_endian(chunks, static_cast<std::uint64_t>(height - 1), 3);
    append(chunks, std::span(webp).subspan(12));
    append(chunks, "EXIF");
    append_little_endian(chunks, block.size(), 4);
    append(chunks, block);
    Bytes file;
    append(file, "RIFF");
    append_little_endian(file, chunks.size(), 4);
    append(file, chunks);
    return file;
}

inline std::uint32_t crc32(std::span<const std::uint8_t> bytes) {
    std::uint32_t crc = ~0U;
    for (const std::uint8_t byte : bytes) {
        crc ^= byte;
        for (int bit = 0; bit < 8; ++bit) crc = (crc & 1) != 0 ? crc >> 1 ^ 0xEDB88320U : crc >> 1;
    }
    return ~crc;
}

inline Bytes png_chunk(std::string_view type, const Bytes& data) {
    Bytes chunk;
    append_big_endian(chunk, data.size(), 4);
    append(chunk, type);
    append(chunk, data);
    append_big_endian(chunk, crc32(std::span(chunk).subspan(4)), 4);
    return chunk;
}

/// A zlib stream of one stored block.
inline Bytes stored(const Bytes& data) {
    Bytes stream{0x78, 0x01, 0x01};
    append_little_endian(stream, data.size(), 2);
    append_little_endian(stream, ~data.size(), 2);
    append(stream, data);
    std::uint32_t a = 1;
    std::uint32_t b = 0;
    for (const std::uint8_t byte : data) b = (b + (a = (a + byte) % 65521)) % 65521;
    append_big_endian(stream, b << 16 | a, 4);
    return stream;
}

enum PngColour { png_grey = 0, png_rgb = 2, png_palette = 3, png_grey_alpha = 4, png_rgb_alpha = 6 };

/// Rows start with their filter byte. `extra` holds chunks between the header and the data.
inline Bytes png(std::uint32_t width, std::uint32_t height, int bits, PngColour colour, const Bytes& rows,
                 const Bytes& extra = {}) {
    Bytes header;
    append_big_endian(header, width, 4);
    append_big_endian(header, height, 4);
    for (const int value : {bits, static_cast<int>(colour), 0, 0, 0}) {
        header.push_back(static_cast<std::uint8_t>(value));
    }
    Bytes file;
    append(file, "\x89PNG\r\n\x1a\n");
    append(file, png_chunk("IHDR", header));
    append(file, extra);
    append(file, png_chunk("IDAT", stored(rows)));
    append(file, png_chunk("IEND", {}));
    return file;
}

inline Bytes with_png_chunk(const Bytes& file, const Bytes& chunk) {
    constexpr std::size_t after_header = 8 + 25;
    Bytes result;
    append(result, std::span(file).first(after_header));
    append(result, chunk);
    append(result, std::span(file).subspan(after_header));
    return result;
}

struct TiffEntry {
    std::uint16_t tag;
    std::vector<std::uint32_t> values;
};

/// An uncompressed little-endian TIFF whose directory comes before its blocks (strips or tiles). `entries` must hold
/// all tags but the blocks' places and sizes.
inline Bytes tiff(std::vector<TiffEntry> entries, const std::vector<Bytes>& blocks, bool tiles = false) {
    TiffEntry places{static_cast<std::uint16_t>(tiles ? 324 : 273), {}};
    TiffEntry sizes{static_cast<std::uint16_t>(tiles ? 325 : 279), {}};
    for (const Bytes& block : blocks) {
        places.values.push_back(0);
        sizes.values.push_back(static_cast<std::uint32_t>(block.size()));
    }
    entries.push_back(places);
    entries.push_back(sizes);
    std::sort(entries.begin(), entries.end(), [](const TiffEntry& a, const TiffEntry& b) { return a.tag < b.tag; });
    const auto size_of = [](const TiffEntry& entry) {
        return static_cast<std::uint32_t>(entry.tag == 320 ? 2 : 4);  // libtiff wants a palette as shorts
    };
    std::uint32_t data = static_cast<std::uint32_t>(8 + 2 + 12 * entries.size() + 4);
    std::uint32_t block_start = data;
    for (const TiffEntry& entry : entries) {
        const auto size = static_cast<std::uint32_t>(entry.values.size()) * size_of(entry);
        if (size > 4) block_start += size;
    }
    for (TiffEntry& entry : entries) {
        if (entry.tag != places.tag) continue;
        for (std::size_t i = 0; i < blocks.size(); ++i) {
            entry.values[i] = block_start;
            block_start += static_cast<std::uint32_t>(blocks[i].size());
        }
    }
    Bytes file;
    append(file, std::string_view("II*\0", 4));
    append_little_endian(file, 8, 4);
    append_little_endian(file, entries.size(), 2);
    Bytes tail;
    for (const TiffEntry& entry : entries) {
        const std::uint32_t size = size_of(entry);
        append_little_endian(file, entry.tag, 2);
        append_little_endian(file, size == 2 ? 3 : 4, 2);
        append_little_endian(file, entry.values.size(), 4);
        const bool inside = entry.values.size() * size <= 4;
        if (!inside) append_little_endian(file, data + tail.size(), 4);
        for (const std::uint32_t value : entry.values) {
            append_little_endian(inside ? file : tail, value, static_cast<int>(size));
        }
    }
    append_little_endian(file, 0, 4);
    append(file, tail);
    for (const Bytes& block : blocks) append(file, block);
    return file;
}

/// Width, height, bits per sample, photometric (0 white is zero, 1 black is zero, 2 RGB, 3 palette, 5 CMYK), samples.
inline std::vector<TiffEntry> tiff_entries(std::uint32_t width, std::uint32_t height, std::uint32_t bits,
                                           std::uint32_t photometric, std::uint32_t samples) {
    return {{256, {width}}, {257, {height}},      {258, std::vector<std::uint32_t>(samples, bits)},
            {259, {1}},     {262, {photometric}}, {277, {samples}}};
}

struct NamedFile {
    std::string name;
    Bytes bytes;
};

/// One file of every kind that is read.
inline std::vector<NamedFile> files_of_every_kind() {
    const cv::Mat rgb = picture(61, 47, CV_8UC3);
    Bytes values(61 * 47 * 3, 9);
    auto tiled = tiff_entries(61, 47, 8, 2, 3);
    tiled.push_back({322, {64}});
    tiled.push_back({323, {48}});
    return {{"png", encode(".png", rgb)},
            {"grey png", encode(".png", picture(61, 47, CV_8UC1))},
            {"16 bit png", encode(".png", picture(61, 47, CV_16UC3))},
            {"png with alpha", encode(".png", picture(61, 47, CV_8UC4))},
            {"jpeg", encode(".jpg", rgb)},
            {"grey jpeg", encode(".jpg", picture(61, 47, CV_8UC1))},
            {"progressive jpeg", encode(".jpg", rgb, {cv::IMWRITE_JPEG_PROGRESSIVE, 1})},
            {"jpeg with restarts", encode(".jpg", rgb, {cv::IMWRITE_JPEG_RST_INTERVAL, 2})},
            {"jpeg with exif", jpeg_with_exif(encode(".jpg", rgb), exif(6))},
            {"lzw tiff", encode(".tif", rgb)},
            {"16 bit tiff", encode(".tif", picture(61, 47, CV_16UC3))},
            {"deflate tiff", encode(".tif", rgb, {cv::IMWRITE_TIFF_COMPRESSION, 8})},
            {"packbits tiff", encode(".tif", rgb, {cv::IMWRITE_TIFF_COMPRESSION, 32773})},
            {"jpeg in tiff", encode(".tif", picture(61, 48, CV_8UC3), {cv::IMWRITE_TIFF_COMPRESSION, 7, 278, 16})},
            {"plain tiff", tiff(tiff_entries(61, 47, 8, 2, 3), {values})},
            {"tiled tiff", tiff(tiled, {Bytes(64 * 48 * 3, 9)}, true)},
            {"lossless webp", encode(".webp", rgb)},
            {"webp", encode(".webp", rgb, {cv::IMWRITE_WEBP_QUALITY, 80})},
            {"webp with alpha", encode(".webp", picture(61, 47, CV_8UC4))},
            {"webp with exif", webp_with_exif(encode(".webp", rgb), 61, 47, exif(6))}};
}

}  // namespace gsfit::image_files
