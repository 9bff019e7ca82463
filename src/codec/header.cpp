#include "codec/header.h"

#include <algorithm>
#include <cmath>

namespace gsfit::codec {
namespace {

constexpr std::int64_t longest_side = 1 << 24;
constexpr std::size_t longest_name = 255;
constexpr std::int64_t largest_coefficient = 1 << 14;
constexpr Log least_error = -40 * octave;

// Of the byte of flags, above the two bits of the blend.
constexpr unsigned tiles_flag = 4;
constexpr unsigned blending_flag = 8;  // cutoff, eps and topk are told
constexpr unsigned maps_flag = 16;

bool is_usual(const Blending& blending) {
    const Blending usual;
    return blending.cutoff == usual.cutoff && blending.eps == usual.eps && blending.topk == usual.topk;
}

void write(ByteWriter& bytes, const ImageMap& map) {
    bytes.text(std::as_bytes(std::span(map.name)));
    bytes.number(static_cast<std::uint64_t>(map.first));
    bytes.number(static_cast<std::uint64_t>(map.channels));
    bytes.byte(map.alpha ? 1 : 0);
    bytes.byte(static_cast<unsigned>(map.bits));
    for (const float value : {map.low, map.high, map.gamma}) bytes.real(value);
    bytes.text(map.profile);
}

ImageMap read_map(ByteReader& bytes, int channels) {
    ImageMap map;
    for (const std::byte byte : bytes.text(longest_name)) map.name.push_back(static_cast<char>(byte));
    map.first = static_cast<int>(bytes.number(0, channels - 1));
    map.channels = static_cast<int>(bytes.number(1, std::min(4, channels - map.first)));
    map.alpha = bytes.number(0, 1) == 1;
    map.bits = static_cast<int>(bytes.byte());
    for (float* value : {&map.low, &map.high, &map.gamma}) *value = bytes.real();
    const auto profile = bytes.text(max_profile_bytes);
    map.profile.assign(profile.begin(), profile.end());
    const bool is_sound = (map.bits == 8 || map.bits == 16 || map.bits == 32) && std::isfinite(map.low) &&
                          std::isfinite(map.high) && map.low < map.high && map.gamma >= 0.1F && map.gamma <= 10.0F;
    if (!is_sound) throw Damage("its header describes an image that cannot be");
    return map;
}

void write(ByteWriter& bytes, const Blending& blending) {
    bytes.real(blending.cutoff);
    bytes.real(blending.eps);
    bytes.byte(static_cast<unsigned>(blending.topk));
}

void read(ByteReader& bytes, Blending& blending) {
    blending.cutoff = bytes.real();
    blending.eps = bytes.real();
    blending.topk = static_cast<int>(bytes.number(1, max_topk));
    const bool is_sound = blending.cutoff >= 1 && blending.cutoff <= 6 && blending.eps > 0 && blending.eps <= 1;
    if (!is_sound) throw Damage("its header describes a blending that cannot be");
}

void write(ByteWriter& bytes, const Description& description) {
    for (const std::int64_t value : {description.width, description.height, std::int64_t{description.channels}}) {
        bytes.number(static_cast<std::uint64_t>(value));
    }
    const Blending& blending = description.blending;
    bytes.byte(static_cast<unsigned>(blending.blend) | (blending.support == Support::tile16 ? tiles_flag : 0) |
               (is_usual(blending) ? 0 : blending_flag) | (description.maps.empty() ? 0 : maps_flag));
    if (!is_usual(blending)) write(bytes, blending);
    if (description.maps.empty()) return;
    bytes.number(description.maps.size());
    for (const ImageMap& map : description.maps) write(bytes, map);
}

Description read_description(ByteReader& bytes) {
    Description description;
    description.width = bytes.number(1, longest_side);
    description.height = bytes.number(1, longest_side);
    description.channels = static_cast<int>(bytes.number(1, max_channels));
    const unsigned flags = bytes.byte();
    if (flags >= 2 * maps_flag || (flags & 3) > 2) throw Damage("its header has flags that are not known");
    description.blending.blend = static_cast<Blend>(flags & 3);
    if ((flags & tiles_flag) != 0) description.blending.support = Support::tile16;
    if ((flags & blending_flag) != 0) read(bytes, description.blending);
    if ((flags & maps_flag) == 0) {
        description.maps = maps_of_channels(description.channels);
        return description;
    }
    for (std::int64_t count = bytes.number(1, description.channels); count > 0; --count) {
        description.maps.push_back(read_map(bytes, description.channels));
    }
    return description;
}

}  // namespace

/// Means of what photographs asked for.
Models Models::usual(int channels) {
    Models models{.color_step = {20, -107, 68},
                  .position_step = {200, -91, 2, -63, -36},
                  .area_step = {54, -91, 12, -64, -30},
                  .aspect_step = {245, -92, 14, -64, -31},
                  .angle_step = {178, -90, 10, -63, -31},
                  .area_mean = {52, 64, 49},
                  .area_scale = {-214},
                  .channels = {}};
    const std::vector<Channel> axes{{.mean = {56, 50, 0, 0}, .scale = {-157, 52, -32, -1}},
                                    {.mean = {2, 102, 0, 0}, .scale = {-265, 82, -35, 12}},
                                    {.mean = {0, 93, 0, -2}, .scale = {-270, 64, -40, 44}}};
    models.channels = channels == 3 ? axes : std::vector(static_cast<std::size_t>(channels), axes[0]);
    return models;
}

void write(ByteWriter& bytes, const Header& header) {
    write(bytes, header.description);
    for (const int value : {header.cell, header.chunk_cells, header.margin, header.layer_cell}) {
        bytes.number(static_cast<std::uint64_t>(value));
    }
    bytes.integer(header.error);
    bytes.integer(header.least_sigma);
    std::vector<Coefficient> usual;
    Models::usual(header.description.channels).each([&](Coefficient& coefficient) { usual.push_back(coefficient); });
    Models models = header.models;
    models.each([&, next = usual.begin()](Coefficient& coefficient) mutable { bytes.integer(coefficient - *next++); });
}

Header read_header(ByteReader& bytes) {
    Header header;
    header.description = read_description(bytes);
    header.cell = static_cast<int>(bytes.number(1, 1 << 16));
    header.chunk_cells = static_cast<int>(bytes.number(1, 128));
    header.margin = static_cast<int>(bytes.number(0, 32));
    header.layer_cell = static_cast<int>(bytes.number(0, longest_side));
    header.error = static_cast<Log>(bytes.integer(least_error, -least_error));
    header.least_sigma = static_cast<Log>(bytes.integer(-8 * octave, 8 * octave));
    header.models = Models::usual(header.description.channels);
    header.models.each([&](Coefficient& coefficient) {
        coefficient += static_cast<Coefficient>(bytes.integer(-largest_coefficient, largest_coefficient));
    });
    return header;
}

}  // namespace gsfit::codec
