#include "codec/write.h"

#include <algorithm>
#include <cmath>

#include "codec/file.h"
#include "codec/index.h"
#include "gsfit/core/parallel.h"

namespace gsfit::codec {
namespace {

/// How far the supports of its Gaussians reach beyond its cells [pixels].
std::int64_t reach_of(const Part& part, double cutoff) {
    const Grid& grid = part.grid;
    const auto left = static_cast<double>(grid.left);
    const auto top = static_cast<double>(grid.top);
    double reach = 0;
    for (const Geometry& own : part.geometry) {
        const Direction direction = direction_of(own.angle);
        const double major = cutoff * std::exp2(std::ldexp(own.major, -log_bits));
        const double minor = cutoff * std::exp2(std::ldexp(own.minor, -log_bits));
        const double cosine = std::ldexp(direction.cosine, -direction_bits);
        const double sine = std::ldexp(direction.sine, -direction_bits);
        const double width = std::hypot(major * cosine, minor * sine);
        const double height = std::hypot(major * sine, minor * cosine);
        const double x = std::ldexp(own.x, -place_bits);
        const double y = std::ldexp(own.y, -place_bits);
        reach = std::max({reach, left - x + width, x + width - left - 1.0 * grid.columns * grid.cell, top - y + height,
                          y + height - top - 1.0 * grid.rows * grid.cell});
    }
    return static_cast<std::int64_t>(std::ceil(reach)) + 1;
}

std::vector<std::byte> bytes_of(PlannedPart& planned, const Header& header) {
    RangeEncoder encoder;
    code_part(encoder, header, planned.part.size(), planned.part);
    std::vector<std::byte> bytes = encoder.finish();
    const std::size_t least = ceil_divide(planned.part.size(), IndexEntry::most_per_byte);
    bytes.resize(std::max(bytes.size(), least));  // zeros at the end change nothing
    return bytes;
}

std::vector<std::byte> joined(const Header& header, const std::vector<IndexEntry>& index,
                              const std::vector<std::vector<std::byte>>& payload) {
    ByteWriter head;
    write(head, header);
    write(head, index);
    head.word(crc32(head.bytes()));
    ByteWriter file;
    for (const std::byte byte : magic) file.byte(std::to_integer<unsigned>(byte));
    file.byte(current_version);
    file.word(static_cast<std::uint32_t>(head.bytes().size()));
    std::vector<std::byte> bytes = file.bytes();
    bytes.insert(bytes.end(), head.bytes().begin(), head.bytes().end());
    for (const auto& part : payload) bytes.insert(bytes.end(), part.begin(), part.end());
    return bytes;
}

}  // namespace

std::vector<std::byte> file_of(Plan& plan) {
    std::vector<std::vector<std::byte>> payload(plan.parts.size());
    std::vector<IndexEntry> index(plan.parts.size());
    parallel_for(static_cast<std::int64_t>(plan.parts.size()), [&](std::int64_t i) {
        PlannedPart& planned = plan.parts[i];
        if (planned.items.empty()) return;
        payload[i] = bytes_of(planned, plan.header);
        const double cutoff = plan.header.description.blending.cutoff;
        index[i] = {payload[i].size(), planned.part.size(), reach_of(planned.part, cutoff), crc32(payload[i])};
    });
    return joined(plan.header, index, payload);
}

}  // namespace gsfit::codec
