// Tensors into image files, band by band: while a band is encoded, the next one is made.

#include <ATen/core/Tensor.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <future>
#include <optional>
#include <string_view>
#include <utility>

#include "gsfit/core/error.h"
#include "gsfit/core/file.h"
#include "gsfit/core/parallel.h"
#include "gsfit/core/stored.h"
#include "gsfit/image.h"
#include "image/map_values.h"
#include "image/profile.h"
#include "image/row_writer.h"
#include "image/srgb.h"

namespace gsfit {
namespace {

struct Format {
    std::string_view ending;
    std::int64_t max_side;    ///< [pixels]
    std::int64_t max_pixels;  ///< width * height
    std::unique_ptr<RowWriter> (*writer)(const ImageTarget&);
    int bits;                      ///< the most that it holds; 32: floats
    bool alpha;                    ///< whether it holds alpha
    std::int64_t pixel_bytes = 0;  ///< memory for the whole image [bytes a pixel]
};

constexpr std::int64_t png_side = 1'000'000;
constexpr std::int64_t jpeg_side = 65'500;
constexpr std::int64_t webp_side = 16'383;
constexpr std::int64_t webp_pixel_bytes = 36;  // 4 for the picture; the encoder took up to 31 more, for noise
constexpr std::int64_t any_pixels = std::int64_t{1} << 32;
constexpr std::int64_t bmp_pixels = std::int64_t{1} << 29;  // its header counts bytes in 31 bits

constexpr std::array<Format, 8> formats{{{".png", png_side, any_pixels, write_png, 16, true},
                                         {".jpg", jpeg_side, any_pixels, write_jpeg, 8, false},
                                         {".jpeg", jpeg_side, any_pixels, write_jpeg, 8, false},
                                         {".webp", webp_side, any_pixels, write_webp, 8, true, webp_pixel_bytes},
                                         {".tif", png_side, any_pixels, write_tiff, 32, true},
                                         {".tiff", png_side, any_pixels, write_tiff, 32, true},
                                         {".exr", png_side, any_pixels, write_exr, 32, true},
                                         {".bmp", png_side, bmp_pixels, write_bmp, 8, false}}};

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
        throw UsageError(
            "cannot write '" + path.string() +
            "': its ending names no image format; use .png, .jpg, .jpeg, .webp, .tif, .tiff, .exr or .bmp");
    }
    return *format;
}

bool is_exr(const Format& format) { return format.ending == ".exr"; }

/// What a map becomes in the format; EXR has floats only.
int written_bits(const Format& format, const ImageMap& map) {
    return is_exr(format) ? 32 : std::min(map.bits, format.bits);
}

void check(bool fits) {
    if (!fits) {
        throw Error(
            "only float32 images [C,h,w] on the CPU with as many channels as their map has can be written to "
            "a file");
    }
}

template <class Value>
void store_row(const at::Tensor& band, std::int64_t y, const Pixels& pixels) {
    auto* row = reinterpret_cast<Value*>(pixels.row(y));
    for (int channel = 0; channel < pixels.channels; ++channel) {
        const float* from = band.const_data_ptr<float>() + channel * band.stride(0) + y * band.stride(1);
        for (std::int64_t x = 0; x < pixels.width; ++x) {
            row[x * pixels.channels + channel] = stored<Value>(from[x * band.stride(2)]);
        }
    }
}

/// Makes the next band and interleaves its channels.
void make_band(const ImageBands& image, std::int64_t first, const Pixels& pixels) {
    const at::Tensor band = image.band(first, pixels.height);
    check(band.sizes() == at::IntArrayRef{image.channels, pixels.height, image.width} &&
          band.scalar_type() == at::kFloat && band.is_cpu());
    const auto store = pixels.bits == 8    ? store_row<std::uint8_t>
                       : pixels.bits == 16 ? store_row<std::uint16_t>
                                           : store_row<float>;
    parallel_for(pixels.height, [&](std::int64_t y) { store(band, y, pixels); });
}

void write_bands(const ImageBands& image, int bits, RowWriter& writer) {
    const std::int64_t most = std::min(write_image_rows(image.width, image.channels), image.height);
    Pixels made = allocate_pixels(image.width, most, image.channels, bits);
    Pixels encoded = allocate_pixels(image.width, most, image.channels, bits);
    std::future<void> encoding;  // its destructor waits; where no thread can be had, get() encodes
    for (std::int64_t first = 0; first < image.height; first += most) {
        made.height = std::min(most, image.height - first);
        make_band(image, first, made);
        if (encoding.valid()) encoding.get();
        std::swap(made, encoded);
        encoding = std::async([&] { writer.write(encoded); });
    }
    encoding.get();
}

}  // namespace

void check_image_output(const std::filesystem::path& path, std::int64_t width, std::int64_t height,
                        const ImageMap& map) {
    const Format& format = format_of(path);
    const auto refuse = [&](const std::string& what) {
        throw UsageError("cannot write '" + path.string() + "': " + std::string(format.ending) + " files cannot hold " +
                         what);
    };
    if (std::max(width, height) > format.max_side || width * height > format.max_pixels) {
        refuse(std::to_string(width) + " x " + std::to_string(height) + " pixels; use .png or a smaller size");
    }
    const bool floats = map.bits == 32;
    if (floats && format.bits < 32) refuse("the floating point of this image; use .exr or .tif");
    if (map.alpha && !format.alpha) refuse("the alpha of this image; use .png, .webp, .tif or .exr");
}

std::int64_t write_image_rows(std::int64_t width, int channels) {
    constexpr std::int64_t block = 64;  // rows of the renderer's blocks
    constexpr std::int64_t floats = std::int64_t{4} << 20;
    return std::clamp(floats / (width * channels) / block, std::int64_t{1}, std::int64_t{4}) * block;
}

std::int64_t write_image_bytes(const std::filesystem::path& path, std::int64_t width, std::int64_t height, int channels,
                               int bits) {
    const std::int64_t rows = std::min(write_image_rows(width, channels), height);
    const std::int64_t floats = 4 * width * channels * rows;
    // Made, encoded, and the encoder's (BMP's flipped band).
    const std::int64_t pixels = 3 * width * channels * rows * (bits / 8);
    const std::int64_t strips = 32 * height;  // TIFF's places and sizes of strips, a row each at least
    const std::int64_t tables = 1 << 20;      // zlib's window, buffers of files, a thread
    return floats + pixels + strips + tables + format_of(path).pixel_bytes * width * height;
}

void write_map(const std::filesystem::path& path, const ImageBands& image, const ImageMap& map, Colours colours) {
    check(image.channels == map.channels && map.channels >= 1 && map.channels <= 4 && image.width > 0 &&
          image.height > 0);
    check_image_output(path, image.width, image.height, map);
    const Format& format = format_of(path);
    const int bits = written_bits(format, map);
    std::vector<std::byte> profile = usable_profile(map.profile, map.channels);
    std::optional<SrgbTransform> to_srgb;
    if (colours == Colours::srgb && !profile.empty()) {
        to_srgb.emplace(profile, map.channels < 3 ? 1 : 3);
        profile = to_srgb->profile();
    }
    const ImageBands file_image{.width = image.width,
                                .height = image.height,
                                .channels = image.channels,
                                .band = [&](std::int64_t first, std::int64_t rows) {
                                    const at::Tensor fitted = image.band(first, rows);
                                    if (!to_srgb) return file_values(fitted, map, is_exr(format));
                                    const at::Tensor values = (*to_srgb)(file_values(fitted, map, false));
                                    return map.alpha && is_exr(format) ? multiplied_by_alpha(values) : values;
                                }};
    AtomicFile file(path);
    const auto writer = format.writer({file, path, image.width, image.height, image.channels, bits, profile});
    write_bands(file_image, bits, *writer);
    writer->finish();
    file.commit();
}

void write_image(const std::filesystem::path& path, const ImageBands& image) {
    check(image.channels == 1 || image.channels == 3);
    write_map(path, image, {.channels = image.channels});
}

void write_image(const std::filesystem::path& path, const at::Tensor& image) {
    check(image.dim() == 3);
    write_image(path, ImageBands{.width = image.size(2),
                                 .height = image.size(1),
                                 .channels = static_cast<int>(image.size(0)),
                                 .band = [&image](std::int64_t first, std::int64_t rows) {
                                     return image.narrow(1, first, rows);
                                 }});
}

}  // namespace gsfit
