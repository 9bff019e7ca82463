// Tensors into image files.

#include <ATen/core/Tensor.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <new>
#include <opencv2/imgcodecs.hpp>
#include <string_view>

#include "gsfit/core/error.h"
#include "gsfit/core/file.h"
#include "gsfit/core/parallel.h"
#include "gsfit/image.h"
#include "image/matrix.h"

namespace gsfit {
namespace {

struct Format {
    std::string_view ending;
    std::int64_t max_side;    ///< [pixels]
    std::int64_t max_pixels;  ///< width * height
};

constexpr std::int64_t png_side = 1'000'000;
constexpr std::int64_t jpeg_side = 65'500;
constexpr std::int64_t webp_side = 16'383;
constexpr std::int64_t any_pixels = std::int64_t{1} << 32;
constexpr std::int64_t bmp_pixels = std::int64_t{1} << 29;  // its header counts bytes in 31 bits

constexpr std::array<Format, 7> formats{{{".png", png_side, any_pixels},
                                         {".jpg", jpeg_side, any_pixels},
                                         {".jpeg", jpeg_side, any_pixels},
                                         {".webp", webp_side, any_pixels},
                                         {".tif", png_side, any_pixels},
                                         {".tiff", png_side, any_pixels},
                                         {".bmp", png_side, bmp_pixels}}};

std::string lower_case_ending(const std::filesystem::path& path) {
    std::string ending = path.extension().string();
    std::transform(ending.begin(), ending.end(), ending.begin(),
                   [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
    return ending;
}

const Format& format_of(const std::filesystem::path& path) {
    const std::string ending = lower_case_ending(path);
    const auto* format = std::find_if(formats.begin(), formats.end(),
                                      [&ending](const Format& candidate) { return candidate.ending == ending; });
    if (format == formats.end()) {
        throw UsageError("cannot write '" + path.string() +
                         "': its ending names no image format; use .png, .jpg, .jpeg, .webp, .tif, .tiff or .bmp");
    }
    return *format;
}

void check_shape(const at::Tensor& image, const std::vector<std::int64_t>& shape) {
    const bool fits = image.sizes() == shape && image.scalar_type() == at::kFloat && image.is_cpu() &&
                      (image.size(0) == 1 || image.size(0) == 3) && image.numel() > 0;
    if (!fits) throw Error("only float32 images [C,h,w] on the CPU with 1 or 3 channels can be written to a file");
}

/// NaN becomes 0.
std::uint8_t to_8_bit(float value) {
    return value > 0 ? static_cast<std::uint8_t>(std::lround(std::min(value, 1.0F) * 255.0F)) : std::uint8_t{0};
}

/// Rows of a band into 8 bit, channels interleaved in OpenCV's order: blue first.
void fill_rows(Pixels& pixels, std::int64_t first, const at::Tensor& band) {
    const auto* values = band.const_data_ptr<float>();
    parallel_for(band.size(1), [&](std::int64_t y) {
        auto* row = reinterpret_cast<std::uint8_t*>(pixels.row(first + y));
        for (int channel = 0; channel < pixels.channels; ++channel) {
            const float* from = values + (pixels.channels - 1 - channel) * band.stride(0) + y * band.stride(1);
            for (std::int64_t x = 0; x < pixels.width; ++x) {
                row[x * pixels.channels + channel] = to_8_bit(from[x * band.stride(2)]);
            }
        }
    });
}

Pixels to_pixels(const ImageBands& image) {
    constexpr std::int64_t band_rows = 256;
    Pixels pixels = allocate_pixels(image.width, image.height, image.channels, 8);
    for (std::int64_t first = 0; first < image.height; first += band_rows) {
        const std::int64_t rows = std::min(band_rows, image.height - first);
        const at::Tensor band = image.band(first, rows);
        check_shape(band, {image.channels, rows, image.width});
        fill_rows(pixels, first, band);
    }
    return pixels;
}

std::vector<std::uint8_t> encode(const std::filesystem::path& path, const Pixels& pixels) {
    // Of photos hardly larger than with zlib's defaults, and much faster.
    const std::vector<int> options{cv::IMWRITE_PNG_COMPRESSION, 1, cv::IMWRITE_PNG_STRATEGY,
                                   cv::IMWRITE_PNG_STRATEGY_RLE};
    std::vector<std::uint8_t> bytes;
    try {
        if (cv::imencode(std::string(format_of(path).ending), matrix_of(pixels), bytes, options)) return bytes;
    } catch (const cv::Exception& error) {
        if (error.code == cv::Error::StsNoMem) throw std::bad_alloc();
        throw OutputError("cannot write '" + path.string() + "': " + error.err + "; try another format");
    }
    throw OutputError("cannot write '" + path.string() + "': the encoder failed; try another format");
}

}  // namespace

void check_image_output(const std::filesystem::path& path, std::int64_t width, std::int64_t height) {
    const Format& format = format_of(path);
    if (std::max(width, height) > format.max_side || width * height > format.max_pixels) {
        throw UsageError("cannot write '" + path.string() + "': " + std::string(format.ending) + " files cannot hold " +
                         std::to_string(width) + " x " + std::to_string(height) +
                         " pixels; use .png or a smaller size");
    }
}

void write_image(const std::filesystem::path& path, const ImageBands& image) {
    check_image_output(path, image.width, image.height);
    const std::vector<std::uint8_t> bytes = encode(path, to_pixels(image));
    write_file_atomically(path, std::as_bytes(std::span(bytes)));
}

void write_image(const std::filesystem::path& path, const at::Tensor& image) {
    if (image.dim() != 3) throw Error("only images [C,h,w] can be written to a file");
    check_shape(image, image.sizes().vec());
    write_image(path, ImageBands{.width = image.size(2),
                                 .height = image.size(1),
                                 .channels = static_cast<int>(image.size(0)),
                                 .band = [&image](std::int64_t first, std::int64_t rows) {
                                     return image.narrow(1, first, rows);
                                 }});
}

}  // namespace gsfit
