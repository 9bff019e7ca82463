#include "image/orientation.h"

#include <algorithm>
#include <opencv2/core.hpp>
#include <string_view>
#include <utility>

#include "image/matrix.h"

namespace gsfit {
namespace {

constexpr unsigned orientation_tag = 0x0112;
constexpr unsigned type_short = 3;

/// Unsigned integers of either byte order; 0 where the data has ended.
struct ExifReader {
    std::span<const std::byte> bytes;
    bool big_endian = false;

    [[nodiscard]] std::size_t integer(std::size_t offset, int size) const {
        std::size_t value = 0;
        for (int i = 0; i < size; ++i) {
            const std::size_t at = offset + static_cast<std::size_t>(big_endian ? i : size - 1 - i);
            value = value << 8 | (at < bytes.size() ? std::to_integer<std::size_t>(bytes[at]) : 0);
        }
        return value;
    }
};

bool starts_with(std::span<const std::byte> bytes, std::string_view text) {
    return bytes.size() >= text.size() && std::equal(text.begin(), text.end(), bytes.begin(), [](char a, std::byte b) {
               return static_cast<std::byte>(a) == b;
           });
}

Pixels transposed(const Pixels& pixels, const std::filesystem::path& folder) {
    Pixels result = allocate_pixels(pixels.height, pixels.width, pixels.channels, pixels.bits, folder);
    const cv::Mat source = matrix_of(pixels);
    const cv::Mat target = matrix_of(result);
    const std::int64_t band = pixels.band_rows();
    for (std::int64_t first = 0; first < pixels.height; first += band) {
        const std::int64_t end = std::min(first + band, pixels.height);
        cv::Mat columns = target.colRange(static_cast<int>(first), static_cast<int>(end));
        cv::transpose(source.rowRange(static_cast<int>(first), static_cast<int>(end)), columns);
        pixels.drop({first, end - first});
        result.drop({0, result.height});
    }
    return result;
}

/// Left to right.
void mirror_rows(const Pixels& pixels) {
    for (std::int64_t y = 0; y < pixels.height; ++y) {
        cv::Mat row = matrix_of(pixels).row(static_cast<int>(y));
        cv::flip(row, row, 1);
        pixels.finish_row(y);
    }
}

/// Top to bottom.
void swap_rows(const Pixels& pixels) {
    const std::int64_t half = pixels.height / 2;
    for (std::int64_t y = 0; y < half; ++y) {
        const std::int64_t mirrored = pixels.height - 1 - y;
        std::swap_ranges(pixels.row(y), pixels.row(y) + pixels.row_bytes(), pixels.row(mirrored));
        if ((y + 1) % pixels.band_rows() == 0 || y + 1 == half) {
            pixels.drop({0, y + 1});
            pixels.drop({mirrored, y + 1});
        }
    }
}

}  // namespace

int exif_orientation(std::span<const std::byte> exif) {
    constexpr std::string_view prefix("Exif\0\0", 6);
    if (starts_with(exif, prefix)) exif = exif.subspan(prefix.size());
    const bool big_endian = starts_with(exif, std::string_view("MM\0*", 4));
    if (!big_endian && !starts_with(exif, std::string_view("II*\0", 4))) return 1;
    const ExifReader reader{exif, big_endian};
    const std::size_t directory = reader.integer(4, 4);
    const std::size_t entries = reader.integer(directory, 2);
    for (std::size_t i = 0; i < entries; ++i) {
        const std::size_t entry = directory + 2 + 12 * i;
        if (reader.integer(entry, 2) != orientation_tag || reader.integer(entry + 2, 2) != type_short) continue;
        const std::size_t value = reader.integer(entry + 8, 2);
        return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
    }
    return 1;
}

void apply_orientation(Pixels& pixels, int orientation, const std::filesystem::path& folder) {
    if (swaps_sides(orientation)) pixels = transposed(pixels, folder);
    // After the transposition, if any.
    const bool left_to_right = orientation == 2 || orientation == 3 || orientation == 6 || orientation == 7;
    const bool top_to_bottom = orientation == 3 || orientation == 4 || orientation == 7 || orientation == 8;
    if (left_to_right) mirror_rows(pixels);
    if (top_to_bottom) swap_rows(pixels);
}

}  // namespace gsfit
