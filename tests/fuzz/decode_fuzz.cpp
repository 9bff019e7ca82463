// libgsfit_decode takes any bytes and any view of them: it refuses them with a sentence, or draws every pixel, twice
// the same.

#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "fuzz/checksums.h"
#include "gsfit/core/parallel.h"
#include "gsfit_decode.h"

namespace codec = gsfit::codec;

namespace {

constexpr std::int64_t most_gaussians = 300;  // more only cost time
constexpr std::int64_t largest_side = 40;

/// Numbers below a limit, drawn from one.
class Choice {
public:
    explicit Choice(std::uint64_t seed) : state_(seed) {}
    std::int64_t below(std::int64_t limit) {
        const auto drawn = static_cast<std::int64_t>(state_ % static_cast<std::uint64_t>(limit));
        state_ = state_ * 6364136223846793005U + 1442695040888963407U;
        state_ ^= state_ >> 32;
        return drawn;
    }

private:
    std::uint64_t state_;
};

/// A small part of a raster of any size; at times one that does not lie within it.
gsfit_view view_of(const gsfit_info& info, Choice& choose) {
    gsfit_view view{};
    const bool own = choose.below(2) == 0;
    view.raster_width = own ? info.width : 1 + choose.below(1 << choose.below(25));
    view.raster_height = own ? info.height : 1 + choose.below(1 << choose.below(25));
    view.x = choose.below(view.raster_width + 1);
    view.y = choose.below(view.raster_height + 1);
    view.width = 1 + choose.below(largest_side);
    view.height = 1 + choose.below(largest_side);
    return view;
}

std::vector<std::byte> drawn(const gsfit_file* file, std::int32_t map, const gsfit_view& view, gsfit_type type,
                             std::byte before) {
    const auto row = static_cast<std::size_t>(view.width * gsfit_get_map(file, map).channels * type);
    std::vector<std::byte> pixels(row * static_cast<std::size_t>(view.height), before);
    if (gsfit_render(file, map, &view, type, pixels.data(), row) == 0) return pixels;
    if (std::strlen(gsfit_error()) == 0) std::abort();
    return {};
}

void draw(const gsfit_file* file, Choice& choose) {
    const gsfit_info info = gsfit_get_info(file);
    if (info.gaussians > most_gaussians) return;
    const auto map = static_cast<std::int32_t>(choose.below(info.maps));
    const gsfit_type type = std::array{GSFIT_UINT8, GSFIT_UINT16, GSFIT_FLOAT}[choose.below(3)];
    const gsfit_view view = view_of(info, choose);
    const std::vector<std::byte> pixels = drawn(file, map, view, type, std::byte(0x55));
    if (drawn(file, map, view, type, std::byte(0xAA)) != pixels) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
    gsfit::set_threads(1);  // others would mostly wait, and be traced while they do
    return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto input = std::as_bytes(std::span(data, size));
    const std::vector<std::byte> bytes = codec::with_checksums({input.begin(), input.end()});
    gsfit_file* file = gsfit_open_memory(bytes.data(), bytes.size());
    if (file == nullptr) {
        if (std::strlen(gsfit_error()) == 0) std::abort();
        return 0;
    }
    Choice choose(codec::crc32(input));
    draw(file, choose);
    gsfit_close(file);
    return 0;
}
