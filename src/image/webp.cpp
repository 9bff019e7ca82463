// WebP by libwebp.

#include <webp/decode.h>
#include <webp/demux.h>

#include <memory>
#include <new>
#include <span>
#include <string>
#include <vector>

#include "image/decoders.h"
#include "image/orientation.h"

namespace gsfit {
namespace {

std::string report_of(VP8StatusCode status) {
    switch (status) {
        case VP8_STATUS_OUT_OF_MEMORY:
            throw std::bad_alloc();
        case VP8_STATUS_NOT_ENOUGH_DATA:
            return "the file ends too early";
        case VP8_STATUS_UNSUPPORTED_FEATURE:
            return "a feature that libwebp does not know";
        default:
            return "its data is corrupt";
    }
}

/// The first chunk of this name; empty when there is none.
std::vector<std::byte> chunk_of(std::span<const std::uint8_t> bytes, const char* name) {
    const WebPData data{bytes.data(), bytes.size()};
    const std::unique_ptr<WebPDemuxer, void (*)(WebPDemuxer*)> demuxer(WebPDemux(&data), WebPDemuxDelete);
    if (!demuxer) return {};
    WebPChunkIterator chunk{};
    const bool found = WebPDemuxGetChunk(demuxer.get(), name, 1, &chunk) != 0;
    const auto content = std::as_bytes(std::span(chunk.chunk.bytes, found ? chunk.chunk.size : 0));
    std::vector<std::byte> copy(content.begin(), content.end());
    WebPDemuxReleaseChunkIterator(&chunk);
    return copy;
}

}  // namespace

/// libwebp wants the file's bytes at once; its images have at most 16383 x 16383 pixels.
OpenImage open_webp(const ImageSource& source) {
    const auto bytes = std::make_shared<const std::vector<std::byte>>(source.read_all());
    const std::span data(reinterpret_cast<const std::uint8_t*>(bytes->data()), bytes->size());
    WebPDecoderConfig config;
    WebPInitDecoderConfig(&config);
    const VP8StatusCode header = WebPGetFeatures(data.data(), data.size(), &config.input);
    if (header != VP8_STATUS_OK) refuse_damaged(source, report_of(header));
    if (config.input.has_animation != 0) refuse(source, "it is an animation; export one of its frames first");
    check_size(source, config.input.width, config.input.height);
    const int channels = config.input.has_alpha != 0 ? 4 : 3;
    return {{config.input.width, config.input.height, channels, 8, exif_orientation(chunk_of(data, "EXIF")),
             chunk_of(data, "ICCP")},
            [&source, bytes, data, config](const Pixels& pixels) mutable {
                config.output.colorspace = pixels.channels == 4 ? MODE_RGBA : MODE_RGB;
                config.output.is_external_memory = 1;
                config.output.u.RGBA = {reinterpret_cast<std::uint8_t*>(pixels.memory->data()),
                                        static_cast<int>(pixels.row_bytes()), pixels.bytes()};
                const VP8StatusCode status = WebPDecode(data.data(), data.size(), &config);
                if (status != VP8_STATUS_OK) refuse_damaged(source, report_of(status));
                pixels.drop({0, pixels.height});
            }};
}

}  // namespace gsfit
