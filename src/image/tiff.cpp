// TIFF by libtiff: the first page, strips or tiles, interleaved or planar.

#include <tiffio.h>

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <memory>
#include <vector>

#include "image/decoders.h"
#include "image/orientation.h"

namespace gsfit {
namespace {

/// libtiff's handlers belong to the whole process (OpenCV sets its own) and know nothing of the file: these are there
/// while one is open and keep the thread's first report.
class TiffReports {
public:
    TiffReports() : errors_(TIFFSetErrorHandler(on_error)), warnings_(TIFFSetWarningHandler(nullptr)) {
        report[0] = '\0';
    }
    TiffReports(const TiffReports&) = delete;
    TiffReports& operator=(const TiffReports&) = delete;
    ~TiffReports() {
        TIFFSetErrorHandler(errors_);
        TIFFSetWarningHandler(warnings_);
    }

    static thread_local char report[256];

private:
    static void on_error(const char* /*module*/, const char* format, std::va_list arguments) {
        if (report[0] == '\0') std::vsnprintf(report, sizeof report, format, arguments);
    }

    TIFFErrorHandler errors_;
    TIFFErrorHandler warnings_;
};

thread_local char TiffReports::report[256];

/// The file's bytes as the stream that libtiff reads.
struct TiffStream {
    std::span<const std::byte> bytes;
    std::uint64_t position = 0;

    static tmsize_t read(thandle_t handle, void* target, tmsize_t size) {
        auto* stream = static_cast<TiffStream*>(handle);
        const std::uint64_t left =
            stream->bytes.size() - std::min<std::uint64_t>(stream->position, stream->bytes.size());
        const std::uint64_t got = std::min<std::uint64_t>(left, static_cast<std::uint64_t>(size));
        if (got > 0) std::memcpy(target, stream->bytes.data() + stream->position, got);
        stream->position += got;
        return static_cast<tmsize_t>(got);
    }
    static tmsize_t write(thandle_t /*handle*/, void* /*source*/, tmsize_t /*size*/) { return -1; }
    static toff_t seek(thandle_t handle, toff_t offset, int whence) {
        auto* stream = static_cast<TiffStream*>(handle);
        const std::uint64_t from = whence == SEEK_SET   ? 0
                                   : whence == SEEK_CUR ? stream->position
                                                        : stream->bytes.size();
        return stream->position = from + offset;
    }
    static int close(thandle_t /*handle*/) { return 0; }
    static toff_t size(thandle_t handle) { return static_cast<TiffStream*>(handle)->bytes.size(); }
};

struct CloseTiff {
    void operator()(TIFF* tiff) const { TIFFClose(tiff); }
};
using TiffFile = std::unique_ptr<TIFF, CloseTiff>;

struct TiffHeader {
    std::uint32_t width = 0;
    std::uint32_t height = 0;
    std::uint16_t samples = 1;
    std::uint16_t bits = 1;
    std::uint16_t format = SAMPLEFORMAT_UINT;
    std::uint16_t photometric = PHOTOMETRIC_MINISBLACK;
    std::uint16_t compression = COMPRESSION_NONE;
    std::uint16_t planar = PLANARCONFIG_CONTIG;
    std::uint16_t orientation = 1;
    [[nodiscard]] int planes() const { return planar == PLANARCONFIG_SEPARATE ? samples : 1; }
};

TiffHeader read_header(TIFF* tiff) {
    TiffHeader header;
    TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &header.width);
    TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &header.height);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLESPERPIXEL, &header.samples);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_BITSPERSAMPLE, &header.bits);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLEFORMAT, &header.format);
    TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &header.photometric);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_COMPRESSION, &header.compression);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_PLANARCONFIG, &header.planar);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_ORIENTATION, &header.orientation);
    return header;
}

void check_sample_type(const ImageSource& source, const TiffHeader& header) {
    if (header.format == SAMPLEFORMAT_IEEEFP || header.photometric == PHOTOMETRIC_LOGL ||
        header.photometric == PHOTOMETRIC_LOGLUV) {
        refuse(source, "its values are floating point; convert it to 16 bit first");
    }
    if ((header.format != SAMPLEFORMAT_UINT && header.format != SAMPLEFORMAT_VOID) ||
        (header.bits != 8 && header.bits != 16)) {
        refuse(source, "its values are not unsigned integers of 8 or 16 bit; convert it first");
    }
}

/// Interleaved channels that are grey, RGB or indices of a palette, with or without alpha.
void check_colours(const ImageSource& source, const TiffHeader& header) {
    int colours = 0;
    switch (header.photometric) {
        case PHOTOMETRIC_MINISBLACK:
        case PHOTOMETRIC_MINISWHITE:
            colours = 1;
            break;
        case PHOTOMETRIC_PALETTE:
            if (header.bits == 8 && header.samples == 1) return;
            break;
        case PHOTOMETRIC_RGB:
            colours = 3;
            break;
        case PHOTOMETRIC_YCBCR:
            if (header.compression == COMPRESSION_JPEG) colours = 3;
            break;
        default:
            break;
    }
    if (colours == 0 || header.samples < colours || header.samples > colours + 1) {
        refuse(source, "its colours are neither grey nor RGB, with or without alpha; convert it to RGB first");
    }
}

/// A rectangle of decoded samples: all channels, or the one of a plane.
struct TiffBlock {
    const std::byte* data;
    std::int64_t x, y, width, height;
    std::size_t row_bytes;
    int plane;
};

void place(const TiffBlock& block, int planes, const Pixels& pixels) {
    const std::size_t size = pixels.pixel_bytes() / static_cast<std::size_t>(planes);
    for (std::int64_t y = 0; y < std::min(block.height, pixels.height - block.y); ++y) {
        const std::byte* from = block.data + static_cast<std::size_t>(y) * block.row_bytes;
        std::byte* to = pixels.row(block.y + y) + static_cast<std::size_t>(block.x) * pixels.pixel_bytes();
        const auto count = static_cast<std::size_t>(std::min(block.width, pixels.width - block.x));
        if (planes == 1) {
            std::memcpy(to, from, count * size);
            continue;
        }
        to += static_cast<std::size_t>(block.plane) * size;
        for (std::size_t i = 0; i < count; ++i) std::memcpy(to + i * pixels.pixel_bytes(), from + i * size, size);
    }
}

/// A block's buffer, once libtiff agrees on its size (it does not for subsampled colours).
std::vector<std::byte> block_buffer(const ImageSource& source, std::uint64_t expected, std::uint64_t size) {
    if (size != expected || size / 8 > static_cast<std::uint64_t>(source.max_pixels)) {
        refuse_damaged(source, "its strips or tiles do not have the size of their pixels");
    }
    return std::vector<std::byte>(size);
}

void read_rows(const ImageSource& source, TIFF* tiff, int planes, const Pixels& pixels) {
    const std::size_t row_bytes = pixels.row_bytes() / static_cast<std::size_t>(planes);
    std::vector<std::byte> row = block_buffer(source, row_bytes, TIFFScanlineSize64(tiff));
    for (int plane = 0; plane < planes; ++plane) {
        for (std::int64_t y = 0; y < pixels.height; ++y) {
            const int status =
                TIFFReadScanline(tiff, row.data(), static_cast<std::uint32_t>(y), static_cast<std::uint16_t>(plane));
            if (status != 1) refuse_damaged(source, TiffReports::report);
            place({row.data(), 0, y, pixels.width, 1, row_bytes, plane}, planes, pixels);
        }
    }
}

/// Refuses tiles of nothing, and tiles that take far more memory than the image does.
void check_tile(const ImageSource& source, const Pixels& pixels, std::uint64_t width, std::uint64_t height) {
    const std::string size = "its tiles have " + std::to_string(width) + " x " + std::to_string(height) + " pixels";
    if (width == 0 || height == 0) refuse_damaged(source, size);
    constexpr std::uint64_t always_fine = 2048 * 2048;  // programs give small images tiles of their usual size
    const auto in_tiles = [](std::int64_t side) { return (static_cast<std::uint64_t>(side) + 15) / 16 * 16; };
    if (width * height > std::max(always_fine, in_tiles(pixels.width) * in_tiles(pixels.height))) {
        refuse(source, size + ", far more than the image; write it with smaller tiles or none");
    }
}

void read_tiles(const ImageSource& source, TIFF* tiff, int planes, const Pixels& pixels) {
    std::uint32_t width = 0;
    std::uint32_t height = 0;
    TIFFGetField(tiff, TIFFTAG_TILEWIDTH, &width);
    TIFFGetField(tiff, TIFFTAG_TILELENGTH, &height);
    check_tile(source, pixels, width, height);
    const std::size_t row_bytes = width * (pixels.pixel_bytes() / static_cast<std::size_t>(planes));
    std::vector<std::byte> tile = block_buffer(source, row_bytes * height, TIFFTileSize64(tiff));
    for (int plane = 0; plane < planes; ++plane) {
        for (std::int64_t y = 0; y < pixels.height; y += height) {
            for (std::int64_t x = 0; x < pixels.width; x += width) {
                const tmsize_t size = TIFFReadTile(tiff, tile.data(), static_cast<std::uint32_t>(x),
                                                   static_cast<std::uint32_t>(y), 0, static_cast<std::uint16_t>(plane));
                if (size != static_cast<tmsize_t>(tile.size())) refuse_damaged(source, TiffReports::report);
                place({tile.data(), x, y, width, height, row_bytes, plane}, planes, pixels);
            }
        }
    }
}

/// Values that count from white down, to values that count from black up; an alpha channel stays as it is.
void invert_grey(const Pixels& pixels) {
    const std::size_t value_bytes = static_cast<std::size_t>(pixels.bits / 8);
    for (std::size_t i = 0; i < pixels.bytes(); i += pixels.pixel_bytes()) {
        for (std::size_t k = 0; k < value_bytes; ++k) pixels.data.get()[i + k] ^= std::byte{0xFF};
    }
}

Pixels apply_palette(const ImageSource& source, TIFF* tiff, const Pixels& indices) {
    std::uint16_t* colours[3] = {};
    if (TIFFGetField(tiff, TIFFTAG_COLORMAP, &colours[0], &colours[1], &colours[2]) == 0) {
        refuse_damaged(source, "its palette is missing");
    }
    Pixels pixels = allocate_pixels(indices.width, indices.height, 3, 8);
    std::byte* target = pixels.data.get();
    for (std::size_t i = 0; i < indices.bytes(); ++i) {
        const auto index = std::to_integer<std::size_t>(indices.data.get()[i]);
        for (const std::uint16_t* colour : colours) *target++ = static_cast<std::byte>(colour[index] >> 8);
    }
    return pixels;
}

}  // namespace

Pixels decode_tiff(const ImageSource& source) {
    const TiffReports reports;
    TiffStream stream{source.bytes};
    // m: no memory mapping.
    const TiffFile file(TIFFClientOpen(source.name.c_str(), "rm", &stream, TiffStream::read, TiffStream::write,
                                       TiffStream::seek, TiffStream::close, TiffStream::size, nullptr, nullptr));
    if (!file) refuse_damaged(source, TiffReports::report);
    const TiffHeader header = read_header(file.get());
    check_size(source, header.width, header.height);
    check_sample_type(source, header);
    check_colours(source, header);
    if (header.photometric == PHOTOMETRIC_YCBCR) TIFFSetField(file.get(), TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
    Pixels pixels = allocate_pixels(header.width, header.height, header.samples, header.bits);
    (TIFFIsTiled(file.get()) != 0 ? read_tiles : read_rows)(source, file.get(), header.planes(), pixels);
    if (header.photometric == PHOTOMETRIC_MINISWHITE) invert_grey(pixels);
    if (header.photometric == PHOTOMETRIC_PALETTE) pixels = apply_palette(source, file.get(), pixels);
    apply_orientation(pixels, header.orientation >= 1 && header.orientation <= 8 ? header.orientation : 1);
    return pixels;
}

}  // namespace gsfit
