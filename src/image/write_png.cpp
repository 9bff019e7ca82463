// PNG by libpng. Its errors leave by longjmp, so what runs under setjmp holds nothing that needs a destructor.

#include <png.h>
#include <zlib.h>

#include <array>
#include <bit>
#include <csetjmp>
#include <cstdio>
#include <cstdlib>
#include <new>

#include "image/row_writer.h"

namespace gsfit {
namespace {

class PngWriter : public RowWriter {
public:
    explicit PngWriter(const ImageTarget& target);
    ~PngWriter() override { png_destroy_write_struct(&png_, &info_); }

    void begin(const ImageTarget& target);
    void write(const Pixels& rows) override;
    void finish() override;

private:
    template <class Body>
    void guarded(const Body& body);
    static void on_error(png_structp png, png_const_charp message);
    static void on_warning(png_structp /*png*/, png_const_charp /*message*/) {}
    static png_voidp on_malloc(png_structp png, png_alloc_size_t size);
    static void on_free(png_structp /*png*/, png_voidp memory) { std::free(memory); }
    static void on_write(png_structp png, png_bytep bytes, std::size_t size);
    static void on_flush(png_structp /*png*/) {}

    EncodedFile file_;
    png_structp png_ = nullptr;
    png_infop info_ = nullptr;
    bool out_of_memory_ = false;
    char report_[128] = "";
};

PngWriter::PngWriter(const ImageTarget& target) : file_(target) {
    png_ = png_create_write_struct_2(PNG_LIBPNG_VER_STRING, this, on_error, on_warning, this, on_malloc, on_free);
    info_ = png_ != nullptr ? png_create_info_struct(png_) : nullptr;
    if (info_ == nullptr) {
        png_destroy_write_struct(&png_, nullptr);
        throw std::bad_alloc();
    }
    png_set_write_fn(png_, this, on_write, on_flush);
}

template <class Body>
void PngWriter::guarded(const Body& body) {
    if (setjmp(png_jmpbuf(png_)) == 0) {
        body();
        return;
    }
    file_.fail(report_, out_of_memory_);
}

void PngWriter::on_error(png_structp png, png_const_charp message) {
    auto* writer = static_cast<PngWriter*>(png_get_error_ptr(png));
    std::snprintf(writer->report_, sizeof writer->report_, "%s", message);
    png_longjmp(png, 1);
}

png_voidp PngWriter::on_malloc(png_structp png, png_alloc_size_t size) {
    void* memory = std::malloc(size);
    if (memory == nullptr) static_cast<PngWriter*>(png_get_mem_ptr(png))->out_of_memory_ = true;
    return memory;
}

void PngWriter::on_write(png_structp png, png_bytep bytes, std::size_t size) {
    if (!static_cast<PngWriter*>(png_get_io_ptr(png))->file_.write(bytes, size)) png_error(png, "writing failed");
}

void PngWriter::begin(const ImageTarget& target) {
    guarded([&] {
        constexpr std::array<int, 4> types{PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA, PNG_COLOR_TYPE_RGB,
                                           PNG_COLOR_TYPE_RGB_ALPHA};
        png_set_IHDR(png_, info_, static_cast<png_uint_32>(target.width), static_cast<png_uint_32>(target.height),
                     target.bits, types[static_cast<std::size_t>(target.channels - 1)], PNG_INTERLACE_NONE,
                     PNG_COMPRESSION_TYPE_BASE, PNG_FILTER_TYPE_BASE);
        png_set_benign_errors(png_, 1);  // a profile that libpng does not like is left out
        if (!target.profile.empty()) {
            png_set_iCCP(png_, info_, "ICC profile", PNG_COMPRESSION_TYPE_BASE,
                         reinterpret_cast<png_const_bytep>(target.profile.data()),
                         static_cast<png_uint_32>(target.profile.size()));
        }
        // Of photos hardly larger than with zlib's defaults, and much faster.
        png_set_compression_level(png_, 1);
        png_set_compression_strategy(png_, Z_RLE);
        png_set_compression_buffer_size(png_, 1 << 16);  // the size of a chunk and so of a write
        png_write_info(png_, info_);
        if (target.bits == 16 && std::endian::native == std::endian::little) png_set_swap(png_);
    });
}

void PngWriter::write(const Pixels& rows) {
    guarded([&] {
        for (std::int64_t y = 0; y < rows.height; ++y) {
            png_write_row(png_, reinterpret_cast<png_const_bytep>(rows.row(y)));
        }
    });
}

void PngWriter::finish() {
    guarded([this] { png_write_end(png_, nullptr); });
}

}  // namespace

std::unique_ptr<RowWriter> write_png(const ImageTarget& target) {
    auto writer = std::make_unique<PngWriter>(target);
    writer->begin(target);
    return writer;
}

}  // namespace gsfit
