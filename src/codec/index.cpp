#include "codec/index.h"

#include <algorithm>

namespace gsfit::codec {
namespace {

constexpr std::int64_t most_bytes = std::int64_t{1} << 32;
constexpr std::int64_t most_reach = std::int64_t{1} << 40;

}  // namespace

void write(ByteWriter& bytes, const std::vector<IndexEntry>& index) {
    for (const IndexEntry& entry : index) {
        bytes.number(entry.bytes);
        if (entry.bytes == 0) continue;
        bytes.number(static_cast<std::uint64_t>(entry.gaussians));
        bytes.number(static_cast<std::uint64_t>(entry.reach));
        bytes.word(entry.crc);
    }
}

std::vector<IndexEntry> read_index(ByteReader& bytes, std::int64_t parts) {
    if (parts > static_cast<std::int64_t>(bytes.left())) throw Damage("its index is shorter than its image asks for");
    std::vector<IndexEntry> index(static_cast<std::size_t>(parts));
    for (IndexEntry& entry : index) {
        entry.bytes = static_cast<std::size_t>(bytes.number(0, most_bytes));
        if (entry.bytes == 0) continue;
        const std::size_t most =
            std::min<std::size_t>(entry.bytes * IndexEntry::most_per_byte, IndexEntry::most_gaussians);
        entry.gaussians = static_cast<int>(bytes.number(1, static_cast<std::int64_t>(most)));
        entry.reach = bytes.number(0, most_reach);
        entry.crc = bytes.word();
    }
    return index;
}

}  // namespace gsfit::codec
