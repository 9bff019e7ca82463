// WebP by libwebp, lossless. Its encoder wants the whole image, which has 16383 pixels a side at most: it lies in
// memory with 4 bytes a pixel.

#include <webp/encode.h>

#include <new>

#include "gsfit/core/parallel.h"
#include "image/row_writer.h"

namespace gsfit {
namespace {

class WebpWriter : public RowWriter {
public:
    explicit WebpWriter(const ImageTarget& target);
    ~WebpWriter() override { WebPPictureFree(&picture_); }

    void write(const Pixels& rows) override;
    void finish() override;

private:
    static int on_write(const std::uint8_t* bytes, std::size_t size, const WebPPicture* picture);

    EncodedFile file_;
    WebPPicture picture_{};
    std::int64_t row_ = 0;
};

WebpWriter::WebpWriter(const ImageTarget& target) : file_(target) {
    if (WebPPictureInit(&picture_) == 0) file_.fail("another version of libwebp is installed", false);
    picture_.use_argb = 1;
    picture_.width = static_cast<int>(target.width);
    picture_.height = static_cast<int>(target.height);
    picture_.writer = on_write;
    picture_.custom_ptr = &file_;
    if (WebPPictureAlloc(&picture_) == 0) throw std::bad_alloc();
}

int WebpWriter::on_write(const std::uint8_t* bytes, std::size_t size, const WebPPicture* picture) {
    return static_cast<EncodedFile*>(picture->custom_ptr)->write(bytes, size) ? 1 : 0;
}

void WebpWriter::write(const Pixels& rows) {
    for (std::int64_t y = 0; y < rows.height; ++y, ++row_) {
        const auto* from = reinterpret_cast<const std::uint8_t*>(rows.row(y));
        std::uint32_t* to = picture_.argb + row_ * picture_.argb_stride;
        const int green = rows.channels / 2;  // grey is its own green and blue
        const int blue = rows.channels - 1;
        for (std::int64_t x = 0; x < rows.width; ++x, from += rows.channels) {
            to[x] = 0xFF000000U | std::uint32_t{from[0]} << 16 | std::uint32_t{from[green]} << 8 | from[blue];
        }
    }
}

void WebpWriter::finish() {
    WebPConfig config;
    const bool known = WebPConfigPreset(&config, WEBP_PRESET_DEFAULT, 70) != 0;  // of lossless files the effort
    config.lossless = 1;
    if (known && WebPEncode(&config, &picture_) != 0) return;
    const WebPEncodingError error = picture_.error_code;
    file_.fail("error " + std::to_string(error) + " of libwebp",
               error == VP8_ENC_ERROR_OUT_OF_MEMORY || error == VP8_ENC_ERROR_BITSTREAM_OUT_OF_MEMORY);
}

}  // namespace

std::unique_ptr<RowWriter> write_webp(const ImageTarget& target) { return std::make_unique<WebpWriter>(target); }

}  // namespace gsfit
