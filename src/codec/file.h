#pragma once

// How a file begins: magic, version, length of the head (4 bytes), then the head, which ends with its checksum.

#include <array>
#include <cstddef>

namespace gsfit::codec {

inline constexpr std::array<std::byte, 3> magic{std::byte{'G'}, std::byte{'S'}, std::byte{'F'}};
inline constexpr int current_version = 1;
inline constexpr std::size_t crc_bytes = 4;
inline constexpr std::size_t prefix_bytes = magic.size() + 1 + 4;

}  // namespace gsfit::codec
