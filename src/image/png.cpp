// PNG by libpng. Its errors leave by longjmp, so the functions that call setjmp hold nothing that needs a destructor.

#include <png.h>

#include <algorithm>
#include <array>
#include <bit>
#include <csetjmp>
#include <cstdio>
#include <memory>
#include <new>
#include <string_view>
#include <vector>

#include "image/decoders.h"
#include "image/orientation.h"

namespace gsfit {
namespace {

class PngReader {
public:
    explicit PngReader(const ImageSource& source);
    PngReader(const PngReader&) = delete;
    PngReader& operator=(const PngReader&) = delete;
    ~PngReader() { png_destroy_read_struct(&png_, &info_, nullptr); }

    /// In this order; each returns false on damage, and `report` says which.
    bool read_header();
    bool choose_layout();
    bool read_rows(const Pixels& pixels);

    [[nodiscard]] const char* report() const { return report_; }
    [[nodiscard]] std::int64_t width() const { return png_get_image_width(png_, info_); }
    [[nodiscard]] std::int64_t height() const { return png_get_image_height(png_, info_); }
    [[nodiscard]] int channels() const { return png_get_channels(png_, info_); }
    [[nodiscard]] int bits() const { return png_get_bit_depth(png_, info_); }
    [[nodiscard]] std::vector<std::byte> profile() const;

private:
    static void on_error(png_structp png, png_const_charp message);
    static void on_warning(png_structp /*png*/, png_const_charp /*message*/) {}
    static void on_read(png_structp png, png_bytep target, std::size_t size);

    const ImageSource& source_;
    std::size_t position_ = 0;
    int passes_ = 1;
    png_structp png_ = nullptr;
    png_infop info_ = nullptr;
    char report_[128] = "";
};

PngReader::PngReader(const ImageSource& source) : source_(source) {
    png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, this, on_error, on_warning);
    info_ = png_ != nullptr ? png_create_info_struct(png_) : nullptr;
    if (info_ == nullptr) {
        png_destroy_read_struct(&png_, nullptr, nullptr);
        throw std::bad_alloc();
    }
    png_set_read_fn(png_, this, on_read);
    png_set_user_limits(png_, PNG_UINT_31_MAX, PNG_UINT_31_MAX);  // check_size decides
}

void PngReader::on_error(png_structp png, png_const_charp message) {
    auto* reader = static_cast<PngReader*>(png_get_error_ptr(png));
    std::snprintf(reader->report_, sizeof reader->report_, "%s", message);
    png_longjmp(png, 1);
}

void PngReader::on_read(png_structp png, png_bytep target, std::size_t size) {
    auto* reader = static_cast<PngReader*>(png_get_io_ptr(png));
    const std::size_t got = reader->source_.read(reader->position_, {reinterpret_cast<std::byte*>(target), size});
    if (got < size) png_error(png, "the file ends too early or cannot be read");
    reader->position_ += size;
}

bool PngReader::read_header() {
    if (setjmp(png_jmpbuf(png_)) != 0) return false;
    png_read_info(png_, info_);
    return true;
}

/// Allocates rows of the image's width.
bool PngReader::choose_layout() {
    if (setjmp(png_jmpbuf(png_)) != 0) return false;
    png_set_palette_to_rgb(png_);
    png_set_expand_gray_1_2_4_to_8(png_);
    png_set_tRNS_to_alpha(png_);
    if constexpr (std::endian::native == std::endian::little) png_set_swap(png_);
    passes_ = png_set_interlace_handling(png_);
    png_read_update_info(png_, info_);
    return true;
}

/// An interlaced image comes in passes over all rows, each of which adds pixels to what is there.
bool PngReader::read_rows(const Pixels& pixels) {
    if (setjmp(png_jmpbuf(png_)) != 0) return false;
    for (int pass = 0; pass < passes_; ++pass) {
        for (std::int64_t y = 0; y < pixels.height; ++y) {
            png_read_row(png_, reinterpret_cast<png_bytep>(pixels.row(y)), nullptr);
            pixels.finish_row(y);
        }
    }
    png_read_end(png_, nullptr);
    return true;
}

std::vector<std::byte> PngReader::profile() const {
    png_charp name = nullptr;
    int compression = 0;
    png_bytep bytes = nullptr;
    png_uint_32 size = 0;
    if (png_get_iCCP(png_, info_, &name, &compression, &bytes, &size) == 0) return {};
    const auto* first = reinterpret_cast<const std::byte*>(bytes);
    return {first, first + size};
}

std::size_t big_endian(std::span<const std::byte, 4> bytes) {
    std::size_t value = 0;
    for (const std::byte byte : bytes) value = value << 8 | std::to_integer<std::size_t>(byte);
    return value;
}

/// Of the first EXIF chunk, which may come after the pixels, where libpng would find it too late; its directory stands
/// at its start.
int png_orientation(const ImageSource& source) {
    std::array<std::byte, 8> head{};  // of a chunk: the size of its data, and its type
    for (std::size_t chunk = 8; source.read(chunk, head) == head.size();) {
        const std::size_t size = big_endian(std::span(head).first<4>());
        const std::string_view type(reinterpret_cast<const char*>(head.data()) + 4, 4);
        if (type == "IEND") break;
        if (type == "eXIf") {
            std::vector<std::byte> exif(std::min<std::size_t>(size, 1 << 16));
            exif.resize(source.read(chunk + 8, exif));
            return exif_orientation(exif);
        }
        chunk += size + 12;  // with size, type and check sum
    }
    return 1;
}

}  // namespace

OpenImage open_png(const ImageSource& source) {
    const auto reader = std::make_shared<PngReader>(source);
    if (!reader->read_header()) refuse_damaged(source, reader->report());
    check_size(source, reader->width(), reader->height());
    if (!reader->choose_layout()) refuse_damaged(source, reader->report());
    return {{reader->width(), reader->height(), reader->channels(), reader->bits(), png_orientation(source),
             reader->profile()},
            [&source, reader](const Pixels& pixels) {
                if (!reader->read_rows(pixels)) refuse_damaged(source, reader->report());
            }};
}

}  // namespace gsfit
