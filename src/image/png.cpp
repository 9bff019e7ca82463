// PNG by libpng. Its errors leave by longjmp, so the functions that call setjmp hold nothing that needs a destructor.

#include <png.h>

#include <bit>
#include <csetjmp>
#include <cstdio>
#include <cstring>
#include <new>
#include <vector>

#include "image/decoders.h"
#include "image/orientation.h"

namespace gsfit {
namespace {

class PngReader {
public:
    explicit PngReader(std::span<const std::byte> bytes);
    PngReader(const PngReader&) = delete;
    PngReader& operator=(const PngReader&) = delete;
    ~PngReader() { png_destroy_read_struct(&png_, &info_, nullptr); }

    /// In this order; each returns false on damage, and `report` says which.
    bool read_header();
    bool choose_layout();
    bool read_rows(png_bytepp rows);

    [[nodiscard]] const char* report() const { return report_; }
    [[nodiscard]] std::int64_t width() const { return png_get_image_width(png_, info_); }
    [[nodiscard]] std::int64_t height() const { return png_get_image_height(png_, info_); }
    [[nodiscard]] int channels() const { return png_get_channels(png_, info_); }
    [[nodiscard]] int bits() const { return png_get_bit_depth(png_, info_); }
    [[nodiscard]] int orientation() const;

private:
    static void on_error(png_structp png, png_const_charp message);
    static void on_warning(png_structp /*png*/, png_const_charp /*message*/) {}
    static void on_read(png_structp png, png_bytep target, std::size_t size);

    std::span<const std::byte> rest_;
    png_structp png_ = nullptr;
    png_infop info_ = nullptr;
    char report_[128] = "";
};

PngReader::PngReader(std::span<const std::byte> bytes) : rest_(bytes) {
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
    auto& rest = static_cast<PngReader*>(png_get_io_ptr(png))->rest_;
    if (size > rest.size()) png_error(png, "the file ends too early");
    std::memcpy(target, rest.data(), size);
    rest = rest.subspan(size);
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
    png_set_interlace_handling(png_);
    png_read_update_info(png_, info_);
    return true;
}

bool PngReader::read_rows(png_bytepp rows) {
    if (setjmp(png_jmpbuf(png_)) != 0) return false;
    png_read_image(png_, rows);
    png_read_end(png_, info_);
    return true;
}

int PngReader::orientation() const {
    png_uint_32 size = 0;
    png_bytep exif = nullptr;
    if (png_get_eXIf_1(png_, info_, &size, &exif) == 0) return 1;
    return exif_orientation({reinterpret_cast<const std::byte*>(exif), size});
}

}  // namespace

Pixels decode_png(const ImageSource& source) {
    PngReader reader(source.bytes);
    if (!reader.read_header()) refuse_damaged(source, reader.report());
    check_size(source, reader.width(), reader.height());
    if (!reader.choose_layout()) refuse_damaged(source, reader.report());
    Pixels pixels = allocate_pixels(reader.width(), reader.height(), reader.channels(), reader.bits());
    std::vector<png_bytep> rows;
    rows.reserve(static_cast<std::size_t>(pixels.height));
    for (std::int64_t y = 0; y < pixels.height; ++y) rows.push_back(reinterpret_cast<png_bytep>(pixels.row(y)));
    if (!reader.read_rows(rows.data())) refuse_damaged(source, reader.report());
    apply_orientation(pixels, reader.orientation());
    return pixels;
}

}  // namespace gsfit
