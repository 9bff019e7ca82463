#include "image/orientation.h"

#include <algorithm>
#include <array>
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

void apply_orientation(Pixels& pixels, int orientation) {
    if (orientation >= 5) {
        Pixels turned = allocate_pixels(pixels.height, pixels.width, pixels.channels, pixels.bits);
        cv::Mat target = matrix_of(turned);
        cv::transpose(matrix_of(pixels), target);
        pixels = std::move(turned);
    }
    // cv::flip's code after the transposition, if any: 0 top to bottom, 1 left to right, -1 both.
    constexpr int none = 2;
    constexpr std::array<int, 9> flips{none, none, 1, -1, 0, none, 1, -1, 0};
    if (const int code = flips[static_cast<std::size_t>(orientation)]; code != none) {
        cv::Mat matrix = matrix_of(pixels);
        cv::flip(matrix, matrix, code);
    }
}

}  // namespace gsfit
