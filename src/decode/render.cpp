#include "decode/render.h"

#include <algorithm>
#include <vector>

#include "decode/drawing.h"
#include "gsfit/bins.h"
#include "gsfit/core/parallel.h"
#include "gsfit/core/stored.h"
#include "image/file_samples.h"

namespace gsfit::decode {
namespace {

/// In pixels of the raster that was fitted.
codec::Rectangle seen(const Lattice& lattice, const codec::Description& description) {
    const auto x = [&](std::int64_t column) {
        return static_cast<double>(column) * static_cast<double>(description.width) /
               static_cast<double>(lattice.raster_width);
    };
    const auto y = [&](std::int64_t row) {
        return static_cast<double>(row) * static_cast<double>(description.height) /
               static_cast<double>(lattice.raster_height);
    };
    return {.left = x(lattice.x),
            .top = y(lattice.y),
            .right = x(lattice.x + lattice.width),
            .bottom = y(lattice.y + lattice.height)};
}

/// For about 16 MB of floats, in whole blocks.
std::int64_t band_rows(std::int64_t width, int channels) {
    constexpr std::int64_t floats = std::int64_t{4} << 20;
    return std::clamp(floats / (width * channels) / block_size, std::int64_t{1}, std::int64_t{8}) * block_size;
}

/// Planes that lie `plane` floats apart -> a row of pixels.
template <class Value>
void store(const float* planes, std::int64_t plane, int channels, std::int64_t width, std::byte* row) {
    auto* out = reinterpret_cast<Value*>(row);
    for (std::int64_t x = 0; x < width; ++x) {
        for (int c = 0; c < channels; ++c) *out++ = stored<Value>(planes[c * plane + x]);
    }
}

/// [low, high] as [0, 1], for integers of floating point.
void normalise(float* samples, std::int64_t plane, std::int64_t count, const ImageMap& map) {
    const int colors = map.channels - (map.alpha ? 1 : 0);
    for (int c = 0; c < colors; ++c) {
        for (std::int64_t i = 0; i < count; ++i) {
            float& sample = samples[c * plane + i];
            sample = (sample - map.low) / (map.high - map.low);
        }
    }
}

}  // namespace

void render(const codec::Reader& reader, const ImageMap& map, const Lattice& lattice, const Target& target) {
    const codec::Description& description = reader.description();
    const codec::Gaussians gaussians = reader.decode(seen(lattice, description));
    const Drawing drawing(gaussians, map.first, map.channels, description.blending, lattice, description.height);
    const auto store_row = target.sample == Sample::uint8    ? store<std::uint8_t>
                           : target.sample == Sample::uint16 ? store<std::uint16_t>
                                                             : store<float>;
    const std::int64_t most = std::min(band_rows(lattice.width, map.channels), lattice.height);
    std::vector<float> planes(static_cast<std::size_t>(most * lattice.width * map.channels));
    for (std::int64_t first = 0; first < lattice.height; first += most) {
        const Rows rows{first, std::min(most, lattice.height - first)};
        drawing.draw(rows, planes.data());
        const std::int64_t plane = rows.count * lattice.width;
        parallel_for(rows.count, [&](std::int64_t y) {
            float* row = planes.data() + y * lattice.width;
            if (!are_file_samples(map)) to_file_samples(row, plane, lattice.width, map, false);
            if (map.bits == 32 && target.sample != Sample::floating) normalise(row, plane, lattice.width, map);
            store_row(row, plane, map.channels, lattice.width,
                      target.first + static_cast<std::size_t>(first + y) * target.row_bytes);
        });
    }
}

}  // namespace gsfit::decode
