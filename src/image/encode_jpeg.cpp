// JPEG in memory, by libjpeg. Its errors leave by longjmp, so what runs under setjmp holds nothing that needs a
// destructor.

// jpeglib.h needs FILE and size_t from here.
#include <cstddef>
#include <cstdio>
//
#include <jpeglib.h>

#include <csetjmp>
#include <cstdlib>
#include <cstring>
#include <new>

#include "gsfit/core/error.h"
#include "gsfit/image/pictures.h"

namespace gsfit {
namespace {

struct Encoder {
    Encoder() {
        jpeg.err = jpeg_std_error(&errors);
        jpeg.client_data = this;
        errors.error_exit = [](j_common_ptr failed) {
            std::longjmp(static_cast<Encoder*>(failed->client_data)->escape, 1);
        };
        errors.emit_message = [](j_common_ptr /*jpeg*/, int /*level*/) {};
    }
    Encoder(const Encoder&) = delete;
    Encoder& operator=(const Encoder&) = delete;
    ~Encoder() {
        jpeg_destroy_compress(&jpeg);
        std::free(bytes);
    }

    void encode(const Picture& picture) {
        jpeg_create_compress(&jpeg);
        jpeg_mem_dest(&jpeg, &bytes, &size);
        jpeg.image_width = static_cast<JDIMENSION>(picture.width);
        jpeg.image_height = static_cast<JDIMENSION>(picture.height);
        jpeg.input_components = 3;
        jpeg.in_color_space = JCS_RGB;
        jpeg_set_defaults(&jpeg);
        jpeg_set_quality(&jpeg, 95, TRUE);
        jpeg_start_compress(&jpeg, TRUE);
        for (std::int64_t y = 0; y < picture.height; ++y) {
            auto* row = const_cast<JSAMPROW>(picture.pixel(0, y));
            jpeg_write_scanlines(&jpeg, &row, 1);
        }
        jpeg_finish_compress(&jpeg);
    }

    jpeg_compress_struct jpeg{};
    jpeg_error_mgr errors{};
    std::jmp_buf escape{};
    unsigned char* bytes = nullptr;  // from malloc
    unsigned long size = 0;
};

}  // namespace

std::vector<std::byte> encode_jpeg(const Picture& picture) {
    const auto fits = [](std::int64_t side) { return side >= 1 && side <= JPEG_MAX_DIMENSION; };
    if (!fits(picture.width) || !fits(picture.height)) {
        throw Error("a picture of " + std::to_string(picture.width) + " x " + std::to_string(picture.height) +
                    " pixels cannot be encoded as JPEG, which has 1 to 65500 a side; make it smaller");
    }
    Encoder encoder;
    if (setjmp(encoder.escape) != 0) {
        encoder.bytes = nullptr;  // libjpeg may have given it back while it grew
        throw std::bad_alloc();   // nothing else is left that could fail
    }
    encoder.encode(picture);
    std::vector<std::byte> jpeg(encoder.size);
    std::memcpy(jpeg.data(), encoder.bytes, encoder.size);
    return jpeg;
}

}  // namespace gsfit
