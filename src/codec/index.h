#pragma once

// Where the parts stand in a file.

#include <cstdint>
#include <vector>

#include "codec/bytes.h"

namespace gsfit::codec {

/// One without bytes has no Gaussians.
struct IndexEntry {
    std::size_t bytes = 0;
    int gaussians = 0;
    std::int64_t reach = 0;  ///< of their supports beyond the part's cells [pixels]
    std::uint32_t crc = 0;   ///< of the bytes

    /// More than any field needs, and few enough for the memory of a small machine.
    static constexpr std::int64_t most_gaussians = 1 << 18;
    static constexpr std::size_t most_per_byte = 4;
};

void write(ByteWriter& bytes, const std::vector<IndexEntry>& index);
/// Throws Damage.
std::vector<IndexEntry> read_index(ByteReader& bytes, std::int64_t parts);

}  // namespace gsfit::codec
