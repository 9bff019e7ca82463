// TIFF by libtiff: the first page, strips or tiles, interleaved or planar.

#include <tiffio.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <memory>
#include <vector>

#include "image/decoders.h"
#include "image/tiff_reports.h"

namespace gsfit {
namespace {

/// The file's bytes as the stream that libtiff reads.
struct TiffStream {
    const ImageSource& source;
    std::uint64_t position = 0;

    static tmsize_t read(thandle_t handle, void* target, tmsize_t size) {
        auto* stream = static_cast<TiffStream*>(handle);
        const std::size_t got =
            stream->source.read(stream->position, {static_cast<std::byte*>(target), static_cast<std::size_t>(size)});
        stream->position += got;
        return static_cast<tmsize_t>(got);
    }
    static tmsize_t write(thandle_t /*handle*/, void* /*source*/, tmsize_t /*size*/) { return -1; }
    static toff_t seek(thandle_t handle, toff_t offset, int whence) {
        auto* stream = static_cast<TiffStream*>(handle);
        const std::uint64_t from = whence == SEEK_SET   ? 0
                                   : whence == SEEK_CUR ? stream->position
                                                        : stream->source.size();
        return stream->position = from + offset;
    }
    static int close(thandle_t /*handle*/) { return 0; }
    static toff_t size(thandle_t handle) { return static_cast<TiffStream*>(handle)->source.size(); }
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
    bool alpha_multiplied = false;
    std::vector<std::byte> profile{};

    [[nodiscard]] int planes() const { return planar == PLANARCONFIG_SEPARATE ? samples : 1; }
    /// In a row of a plane, or of all channels when they are interleaved.
    [[nodiscard]] std::size_t pixel_bytes() const {
        return static_cast<std::size_t>(samples / planes()) * static_cast<std::size_t>(bits / 8);
    }
    [[nodiscard]] StoredImage stored() const {
        const bool usable = orientation >= 1 && orientation <= 8;
        return {
            width,   height,          photometric == PHOTOMETRIC_PALETTE ? 3 : samples, bits, usable ? orientation : 1,
            profile, alpha_multiplied};
    }
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
    std::uint16_t extra_count = 0;
    const std::uint16_t* extra = nullptr;
    TIFFGetFieldDefaulted(tiff, TIFFTAG_EXTRASAMPLES, &extra_count, &extra);
    header.alpha_multiplied = extra_count > 0 && extra[0] == EXTRASAMPLE_ASSOCALPHA;
    std::uint32_t profile_bytes = 0;
    const std::byte* profile = nullptr;
    if (TIFFGetField(tiff, TIFFTAG_ICCPROFILE, &profile_bytes, &profile) != 0) {
        header.profile.assign(profile, profile + profile_bytes);
    }
    return header;
}

void check_sample_type(const ImageSource& source, const TiffHeader& header) {
    if (header.photometric == PHOTOMETRIC_LOGL || header.photometric == PHOTOMETRIC_LOGLUV) {
        refuse(source, "its values are logarithms (LogLuv); convert it to 32 bit floats first");
    }
    if (header.format == SAMPLEFORMAT_IEEEFP) {
        if (header.bits == 32 && header.photometric != PHOTOMETRIC_MINISWHITE) return;
        refuse(source, "its values are floating point of " + std::to_string(header.bits) +
                           " bit, or count from white down; convert it to 32 bit first");
    }
    if ((header.format != SAMPLEFORMAT_UINT && header.format != SAMPLEFORMAT_VOID) ||
        (header.bits != 8 && header.bits != 16)) {
        refuse(source, "its values are neither unsigned integers of 8 or 16 bit nor floats of 32; convert it first");
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

/// libtiff's, 16 bit for each index: red, green, blue.
using Palette = std::array<std::uint16_t*, 3>;

struct TiffImage {
    explicit TiffImage(const ImageSource& image_source) : source(image_source) {}

    const ImageSource& source;
    TiffReports reports;  // outlives the file
    TiffStream stream{source};
    TiffFile file;
    TiffHeader header;
    Palette palette{};
};

/// A rectangle of decoded samples: all channels, or the one of a plane.
struct TiffBlock {
    const std::byte* data;
    std::int64_t x, y, width, height;
    int plane;
};

void place_palette_row(const Palette& palette, const std::byte* from, std::size_t count, std::byte* to) {
    for (std::size_t i = 0; i < count; ++i) {
        const auto index = std::to_integer<std::size_t>(from[i]);
        for (const std::uint16_t* colour : palette) *to++ = static_cast<std::byte>(colour[index] >> 8);
    }
}

/// Values that count from white down, to values that count from black up; an alpha channel stays as it is.
void invert_grey_row(const Pixels& pixels, std::size_t count, std::byte* row) {
    const auto value_bytes = static_cast<std::size_t>(pixels.bits / 8);
    for (std::size_t i = 0; i < count * pixels.pixel_bytes(); i += pixels.pixel_bytes()) {
        for (std::size_t k = 0; k < value_bytes; ++k) row[i + k] ^= std::byte{0xFF};
    }
}

void place(const TiffImage& image, const TiffBlock& block, const Pixels& pixels) {
    const TiffHeader& header = image.header;
    const std::size_t size = header.pixel_bytes();
    const auto count = static_cast<std::size_t>(std::min(block.width, pixels.width - block.x));
    for (std::int64_t y = 0; y < std::min(block.height, pixels.height - block.y); ++y) {
        const std::byte* from = block.data + static_cast<std::size_t>(y * block.width) * size;
        std::byte* row = pixels.row(block.y + y) + static_cast<std::size_t>(block.x) * pixels.pixel_bytes();
        if (header.photometric == PHOTOMETRIC_PALETTE) {
            place_palette_row(image.palette, from, count, row);
        } else if (header.planes() == 1) {
            std::memcpy(row, from, count * size);
        } else {
            std::byte* to = row + static_cast<std::size_t>(block.plane) * size;
            for (std::size_t i = 0; i < count; ++i) std::memcpy(to + i * pixels.pixel_bytes(), from + i * size, size);
        }
        if (header.photometric == PHOTOMETRIC_MINISWHITE && block.plane == 0) invert_grey_row(pixels, count, row);
    }
}

/// A block's buffer, once libtiff agrees on its size (it does not for subsampled colours).
std::vector<std::byte> block_buffer(const ImageSource& source, std::uint64_t expected, std::uint64_t size) {
    if (size != expected || size / 8 > static_cast<std::uint64_t>(source.max_pixels())) {
        refuse_damaged(source, "its strips or tiles do not have the size of their pixels");
    }
    return std::vector<std::byte>(size);
}

void read_rows(const TiffImage& image, const Pixels& pixels) {
    TIFF* tiff = image.file.get();
    const std::size_t row_bytes = static_cast<std::size_t>(pixels.width) * image.header.pixel_bytes();
    std::vector<std::byte> row = block_buffer(image.source, row_bytes, TIFFScanlineSize64(tiff));
    for (int plane = 0; plane < image.header.planes(); ++plane) {
        for (std::int64_t y = 0; y < pixels.height; ++y) {
            const int status =
                TIFFReadScanline(tiff, row.data(), static_cast<std::uint32_t>(y), static_cast<std::uint16_t>(plane));
            if (status != 1) refuse_damaged(image.source, TiffReports::report);
            place(image, {row.data(), 0, y, pixels.width, 1, plane}, pixels);
            pixels.finish_row(y);
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

void read_tiles(const TiffImage& image, const Pixels& pixels) {
    TIFF* tiff = image.file.get();
    std::uint32_t width = 0;
    std::uint32_t height = 0;
    TIFFGetField(tiff, TIFFTAG_TILEWIDTH, &width);
    TIFFGetField(tiff, TIFFTAG_TILELENGTH, &height);
    check_tile(image.source, pixels, width, height);
    const std::size_t tile_bytes = std::size_t{width} * height * image.header.pixel_bytes();
    std::vector<std::byte> tile = block_buffer(image.source, tile_bytes, TIFFTileSize64(tiff));
    for (int plane = 0; plane < image.header.planes(); ++plane) {
        for (std::int64_t y = 0; y < pixels.height; y += height) {
            for (std::int64_t x = 0; x < pixels.width; x += width) {
                const tmsize_t size = TIFFReadTile(tiff, tile.data(), static_cast<std::uint32_t>(x),
                                                   static_cast<std::uint32_t>(y), 0, static_cast<std::uint16_t>(plane));
                if (size != static_cast<tmsize_t>(tile.size())) refuse_damaged(image.source, TiffReports::report);
                place(image, {tile.data(), x, y, width, height, plane}, pixels);
            }
            const std::int64_t end = std::min<std::int64_t>(y + height, pixels.height);
            for (std::int64_t done = y; done < end; ++done) pixels.finish_row(done);
        }
    }
}

}  // namespace

OpenImage open_tiff(const ImageSource& source) {
    const auto image = std::make_shared<TiffImage>(source);
    // m: no memory mapping.
    image->file.reset(TIFFClientOpen(source.name().c_str(), "rm", &image->stream, TiffStream::read, TiffStream::write,
                                     TiffStream::seek, TiffStream::close, TiffStream::size, nullptr, nullptr));
    TIFF* tiff = image->file.get();
    if (tiff == nullptr) refuse_damaged(source, TiffReports::report);
    TiffHeader& header = image->header;
    header = read_header(tiff);
    check_size(source, header.width, header.height);
    check_sample_type(source, header);
    check_colours(source, header);
    if (header.photometric == PHOTOMETRIC_YCBCR) TIFFSetField(tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
    Palette& palette = image->palette;
    if (header.photometric == PHOTOMETRIC_PALETTE &&
        TIFFGetField(tiff, TIFFTAG_COLORMAP, &palette[0], &palette[1], &palette[2]) == 0) {
        refuse_damaged(source, "its palette is missing");
    }
    return {header.stored(), [image](const Pixels& pixels) {
                (TIFFIsTiled(image->file.get()) != 0 ? read_tiles : read_rows)(*image, pixels);
            }};
}

}  // namespace gsfit
