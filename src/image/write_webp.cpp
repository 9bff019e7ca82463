// WebP by libwebp, lossless. Its encoder wants the whole image, which has 16383 pixels a side at most: it lies in
// memory with 4 bytes a pixel.

#include <webp/encode.h>
#include <webp/mux.h>

#include <memory>
#include <new>
#include <span>
#include <string>
#include <vector>

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
    void encode();
    void add_profile();
    static int on_write(const std::uint8_t* bytes, std::size_t size, const WebPPicture* picture);

    EncodedFile file_;
    std::span<const std::byte> profile_;
    std::vector<std::uint8_t> encoded_;  // where a profile has to come before it
    WebPPicture picture_{};
    std::int64_t row_ = 0;
};

WebpWriter::WebpWriter(const ImageTarget& target) : file_(target), profile_(target.profile) {
    if (WebPPictureInit(&picture_) == 0) file_.fail("another version of libwebp is installed", false);
    picture_.use_argb = 1;
    picture_.width = static_cast<int>(target.width);
    picture_.height = static_cast<int>(target.height);
    picture_.writer = on_write;
    picture_.custom_ptr = this;
    if (WebPPictureAlloc(&picture_) == 0) throw std::bad_alloc();
}

int WebpWriter::on_write(const std::uint8_t* bytes, std::size_t size, const WebPPicture* picture) {
    auto* writer = static_cast<WebpWriter*>(picture->custom_ptr);
    if (writer->profile_.empty()) return writer->file_.write(bytes, size) ? 1 : 0;
    writer->encoded_.insert(writer->encoded_.end(), bytes, bytes + size);
    return 1;
}

void WebpWriter::write(const Pixels& rows) {
    for (std::int64_t y = 0; y < rows.height; ++y, ++row_) {
        const auto* from = reinterpret_cast<const std::uint8_t*>(rows.row(y));
        std::uint32_t* to = picture_.argb + row_ * picture_.argb_stride;
        const int green = rows.channels < 3 ? 0 : 1;  // grey is its own green and blue
        const int blue = 2 * green;
        const int alpha = rows.channels - 1;
        for (std::int64_t x = 0; x < rows.width; ++x, from += rows.channels) {
            const std::uint32_t opacity = rows.has_alpha() ? from[alpha] : 255;
            to[x] = opacity << 24 | std::uint32_t{from[0]} << 16 | std::uint32_t{from[green]} << 8 | from[blue];
        }
    }
}

void WebpWriter::finish() {
    encode();
    if (!profile_.empty()) add_profile();
}

void WebpWriter::add_profile() {
    const std::unique_ptr<WebPMux, void (*)(WebPMux*)> mux(WebPMuxNew(), WebPMuxDelete);
    if (!mux) throw std::bad_alloc();
    const WebPData image{encoded_.data(), encoded_.size()};
    const WebPData profile{reinterpret_cast<const std::uint8_t*>(profile_.data()), profile_.size()};
    WebPData file{};
    const bool made = WebPMuxSetImage(mux.get(), &image, 0) == WEBP_MUX_OK &&
                      WebPMuxSetChunk(mux.get(), "ICCP", &profile, 0) == WEBP_MUX_OK &&
                      WebPMuxAssemble(mux.get(), &file) == WEBP_MUX_OK;
    const bool written = made && file_.write(file.bytes, file.size);
    WebPDataClear(&file);
    if (!written) file_.fail("the colour profile could not be added", !made);
}

void WebpWriter::encode() {
    WebPConfig config;
    const bool known = WebPConfigPreset(&config, WEBP_PRESET_DEFAULT, 70) != 0;  // of lossless files the effort
    config.lossless = 1;
    config.exact = 1;  // colours are kept where nothing shows them
    if (known && WebPEncode(&config, &picture_) != 0) return;
    const WebPEncodingError error = picture_.error_code;
    file_.fail("error " + std::to_string(error) + " of libwebp",
               error == VP8_ENC_ERROR_OUT_OF_MEMORY || error == VP8_ENC_ERROR_BITSTREAM_OUT_OF_MEMORY);
}

}  // namespace

std::unique_ptr<RowWriter> write_webp(const ImageTarget& target) { return std::make_unique<WebpWriter>(target); }

}  // namespace gsfit
