// The image reader takes any bytes: it refuses them with one sentence, or returns pixels of which every one is there.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string_view>

#include "gsfit/core/error.h"
#include "gsfit/image.h"

namespace {

constexpr std::int64_t max_pixels = 1 << 14;  // larger ones only cost time
constexpr std::int64_t resize_max = 40;

void read_all(const gsfit::PackedView& view) {
    if (view.width < 1 || view.height < 1 || std::max(view.width, view.height) > resize_max) std::abort();
    if (view.channels < 1 || view.channels > 4) std::abort();
    volatile unsigned sum = 0;
    for (std::int64_t y = 0; y < view.height; ++y) {
        const std::byte* row = view.pixel(0, y);
        for (std::size_t i = 0; i < view.row_bytes; ++i) sum = sum + std::to_integer<unsigned>(row[i]);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    try {
        read_all(gsfit::decode_image(std::as_bytes(std::span(data, size)), "input", resize_max, max_pixels).view());
    } catch (const gsfit::InputError& error) {
        if (std::string_view(error.what()).empty()) std::abort();
    }
    return 0;
}
