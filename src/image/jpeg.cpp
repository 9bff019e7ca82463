// JPEG by libjpeg. Its errors leave by longjmp, so the functions that call setjmp hold nothing that needs a destructor.

// jpeglib.h needs FILE and size_t from here.
#include <cstddef>
#include <cstdio>
//
#include <jpeglib.h>
//
#include <jerror.h>

#include <algorithm>
#include <array>
#include <csetjmp>
#include <cstdlib>
#include <memory>
#include <new>
#include <span>
#include <vector>

#include "image/decoders.h"
#include "image/orientation.h"

namespace gsfit {
namespace {

/// Warnings about what surrounds the image data; all others mean that pixels were made up.
bool harmless(int code) {
    return code == JWRN_EXTRANEOUS_DATA || code == JWRN_JFIF_MAJOR || code == JWRN_ADOBE_XFORM ||
           code == JWRN_BOGUS_ICC;
}

/// The file's bytes as libjpeg asks for them.
class JpegStream : public jpeg_source_mgr {
public:
    explicit JpegStream(const ImageSource& source) : jpeg_source_mgr{}, source_(source) {
        init_source = [](j_decompress_ptr) {};
        fill_input_buffer = fill;
        skip_input_data = skip;
        resync_to_restart = jpeg_resync_to_restart;
        term_source = [](j_decompress_ptr) {};
    }

private:
    static boolean fill(j_decompress_ptr jpeg);
    static void skip(j_decompress_ptr jpeg, long bytes);

    const ImageSource& source_;
    std::size_t position_ = 0;
    std::array<JOCTET, 1 << 16> buffer_{};
};

boolean JpegStream::fill(j_decompress_ptr jpeg) {
    auto* stream = static_cast<JpegStream*>(jpeg->src);
    const std::size_t got = stream->source_.read(stream->position_, std::as_writable_bytes(std::span(stream->buffer_)));
    stream->position_ += got;
    stream->next_input_byte = stream->buffer_.data();
    stream->bytes_in_buffer = got;
    if (got == 0) ERREXIT(jpeg, JERR_INPUT_EOF);
    return TRUE;
}

void JpegStream::skip(j_decompress_ptr jpeg, long bytes) {
    auto* stream = static_cast<JpegStream*>(jpeg->src);
    const auto count = static_cast<std::size_t>(std::max(bytes, 0L));
    const std::size_t buffered = std::min(count, stream->bytes_in_buffer);
    stream->next_input_byte += buffered;
    stream->bytes_in_buffer -= buffered;
    stream->position_ += count - buffered;
}

class JpegReader {
public:
    explicit JpegReader(const ImageSource& source);
    JpegReader(const JpegReader&) = delete;
    JpegReader& operator=(const JpegReader&) = delete;
    ~JpegReader() { jpeg_destroy_decompress(&jpeg_); }

    /// Both return false on damage; `report` says which. Memory that runs out is std::bad_alloc.
    bool read_header() {
        return guarded([](JpegReader& reader) { jpeg_read_header(&reader.jpeg_, TRUE); });
    }
    bool read_pixels(const Pixels& pixels);

    [[nodiscard]] const char* report() const { return report_; }
    [[nodiscard]] std::int64_t width() const { return jpeg_.image_width; }
    [[nodiscard]] std::int64_t height() const { return jpeg_.image_height; }
    [[nodiscard]] int components() const { return jpeg_.num_components; }
    [[nodiscard]] int orientation() const;
    [[nodiscard]] std::vector<std::byte> profile();

private:
    template <class Body>
    bool guarded(const Body& body);
    static void on_error(j_common_ptr jpeg);
    static void on_message(j_common_ptr jpeg, int level);

    JpegStream stream_;
    jpeg_decompress_struct jpeg_{};
    jpeg_error_mgr errors_{};
    std::jmp_buf escape_{};
    char report_[JMSG_LENGTH_MAX] = "";
    const Pixels* target_ = nullptr;
};

JpegReader::JpegReader(const ImageSource& source) : stream_(source) {
    jpeg_.err = jpeg_std_error(&errors_);
    jpeg_.client_data = this;
    errors_.error_exit = on_error;
    errors_.emit_message = on_message;
    const auto create = [](JpegReader& reader) {
        jpeg_create_decompress(&reader.jpeg_);
        reader.jpeg_.src = &reader.stream_;
        jpeg_save_markers(&reader.jpeg_, JPEG_APP0 + 1, 0xFFFF);
        jpeg_save_markers(&reader.jpeg_, JPEG_APP0 + 2, 0xFFFF);
    };
    if (!guarded(create)) throw std::bad_alloc();
}

template <class Body>
bool JpegReader::guarded(const Body& body) {
    if (setjmp(escape_) == 0) {
        body(*this);
        return true;
    }
    if (errors_.msg_code == JERR_OUT_OF_MEMORY) throw std::bad_alloc();
    return false;
}

void JpegReader::on_error(j_common_ptr jpeg) {
    auto* reader = static_cast<JpegReader*>(jpeg->client_data);
    jpeg->err->format_message(jpeg, reader->report_);
    std::longjmp(reader->escape_, 1);
}

void JpegReader::on_message(j_common_ptr jpeg, int level) {
    if (level < 0 && !harmless(jpeg->err->msg_code)) on_error(jpeg);
}

bool JpegReader::read_pixels(const Pixels& pixels) {
    target_ = &pixels;
    return guarded([](JpegReader& reader) {
        jpeg_decompress_struct& jpeg = reader.jpeg_;
        jpeg.out_color_space = reader.target_->channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
        jpeg_start_decompress(&jpeg);
        while (jpeg.output_scanline < jpeg.output_height) {
            const std::int64_t y = jpeg.output_scanline;
            auto* row = reinterpret_cast<JSAMPROW>(reader.target_->row(y));
            jpeg_read_scanlines(&jpeg, &row, 1);
            reader.target_->finish_row(y);
        }
        jpeg_finish_decompress(&jpeg);
    });
}

int JpegReader::orientation() const {
    int orientation = 1;
    for (const jpeg_marker_struct* marker = jpeg_.marker_list; marker != nullptr && orientation == 1;
         marker = marker->next) {
        if (marker->marker != JPEG_APP0 + 1) continue;
        orientation = exif_orientation(std::as_bytes(std::span(marker->data, marker->data_length)));
    }
    return orientation;
}

std::vector<std::byte> JpegReader::profile() {
    JOCTET* bytes = nullptr;
    unsigned size = 0;
    guarded([&](JpegReader& reader) { jpeg_read_icc_profile(&reader.jpeg_, &bytes, &size); });
    const std::unique_ptr<JOCTET, void (*)(void*)> owner(bytes, std::free);
    const auto* first = reinterpret_cast<const std::byte*>(bytes);
    return {first, first + size};
}

/// A progressive file's coefficients are allocated whole before the first is read. No JPEG packs more than some hundred
/// pixels into a byte, so a header that promises more is not believed.
void check_plausible(const ImageSource& source, std::int64_t pixels) {
    constexpr std::int64_t most_pixels_per_byte = 4096;
    if (pixels / most_pixels_per_byte > static_cast<std::int64_t>(source.size())) {
        refuse_damaged(source, "too few bytes for the size in its header");
    }
}

}  // namespace

OpenImage open_jpeg(const ImageSource& source) {
    const auto reader = std::make_shared<JpegReader>(source);
    if (!reader->read_header()) refuse_damaged(source, reader->report());
    check_size(source, reader->width(), reader->height());
    check_plausible(source, reader->width() * reader->height());
    if (reader->components() != 1 && reader->components() != 3) {
        refuse(source, "it has " + std::to_string(reader->components()) +
                           " colour components (CMYK, for print); convert it to RGB first");
    }
    return {{reader->width(), reader->height(), reader->components(), 8, reader->orientation(), reader->profile()},
            [&source, reader](const Pixels& pixels) {
                if (!reader->read_pixels(pixels)) refuse_damaged(source, reader->report());
            }};
}

}  // namespace gsfit
