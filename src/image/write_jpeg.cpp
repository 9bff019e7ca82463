// JPEG by libjpeg: baseline, quality 95. Its errors leave by longjmp, so what runs under setjmp holds nothing that
// needs a destructor.

// jpeglib.h needs FILE and size_t from here.
#include <cstddef>
#include <cstdio>
//
#include <jpeglib.h>
//
#include <jerror.h>

#include <array>
#include <csetjmp>

#include "image/row_writer.h"

namespace gsfit {
namespace {

class JpegWriter : public RowWriter {
public:
    explicit JpegWriter(const ImageTarget& target);
    ~JpegWriter() override { jpeg_destroy_compress(&jpeg_); }

    void begin(const ImageTarget& target);
    void write(const Pixels& rows) override;
    void finish() override;

private:
    template <class Body>
    void guarded(const Body& body);
    static void on_error(j_common_ptr jpeg);
    static void on_message(j_common_ptr /*jpeg*/, int /*level*/) {}
    static void on_begin(j_compress_ptr jpeg);
    static boolean on_full_buffer(j_compress_ptr jpeg);
    static void on_end(j_compress_ptr jpeg);
    void write_buffer(std::size_t size);

    EncodedFile file_;
    jpeg_compress_struct jpeg_{};
    jpeg_error_mgr errors_{};
    jpeg_destination_mgr destination_{};
    std::array<JOCTET, 1 << 16> buffer_;
    std::jmp_buf escape_{};
    char report_[JMSG_LENGTH_MAX] = "";
};

JpegWriter::JpegWriter(const ImageTarget& target) : file_(target) {
    jpeg_.err = jpeg_std_error(&errors_);
    jpeg_.client_data = this;
    errors_.error_exit = on_error;
    errors_.emit_message = on_message;
    destination_.init_destination = on_begin;
    destination_.empty_output_buffer = on_full_buffer;
    destination_.term_destination = on_end;
}

template <class Body>
void JpegWriter::guarded(const Body& body) {
    if (setjmp(escape_) == 0) {
        body();
        return;
    }
    file_.fail(report_, errors_.msg_code == JERR_OUT_OF_MEMORY);
}

void JpegWriter::on_error(j_common_ptr jpeg) {
    auto* writer = static_cast<JpegWriter*>(jpeg->client_data);
    jpeg->err->format_message(jpeg, writer->report_);
    std::longjmp(writer->escape_, 1);
}

void JpegWriter::on_begin(j_compress_ptr jpeg) {
    auto* writer = static_cast<JpegWriter*>(jpeg->client_data);
    writer->destination_.next_output_byte = writer->buffer_.data();
    writer->destination_.free_in_buffer = writer->buffer_.size();
}

boolean JpegWriter::on_full_buffer(j_compress_ptr jpeg) {
    auto* writer = static_cast<JpegWriter*>(jpeg->client_data);
    writer->write_buffer(writer->buffer_.size());
    on_begin(jpeg);
    return TRUE;
}

void JpegWriter::on_end(j_compress_ptr jpeg) {
    auto* writer = static_cast<JpegWriter*>(jpeg->client_data);
    writer->write_buffer(writer->buffer_.size() - writer->destination_.free_in_buffer);
}

void JpegWriter::write_buffer(std::size_t size) {
    if (!file_.write(buffer_.data(), size)) std::longjmp(escape_, 1);
}

void JpegWriter::begin(const ImageTarget& target) {
    guarded([&] {
        jpeg_create_compress(&jpeg_);
        jpeg_.dest = &destination_;
        jpeg_.image_width = static_cast<JDIMENSION>(target.width);
        jpeg_.image_height = static_cast<JDIMENSION>(target.height);
        jpeg_.input_components = target.channels;
        jpeg_.in_color_space = target.channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
        jpeg_set_defaults(&jpeg_);
        jpeg_set_quality(&jpeg_, 95, TRUE);
        jpeg_start_compress(&jpeg_, TRUE);
        if (!target.profile.empty()) {
            jpeg_write_icc_profile(&jpeg_, reinterpret_cast<const JOCTET*>(target.profile.data()),
                                   static_cast<unsigned>(target.profile.size()));
        }
    });
}

void JpegWriter::write(const Pixels& rows) {
    guarded([&] {
        for (std::int64_t y = 0; y < rows.height; ++y) {
            auto* row = reinterpret_cast<JSAMPROW>(rows.row(y));
            jpeg_write_scanlines(&jpeg_, &row, 1);
        }
    });
}

void JpegWriter::finish() {
    guarded([this] { jpeg_finish_compress(&jpeg_); });
}

}  // namespace

std::unique_ptr<RowWriter> write_jpeg(const ImageTarget& target) {
    auto writer = std::make_unique<JpegWriter>(target);
    writer->begin(target);
    return writer;
}

}  // namespace gsfit
