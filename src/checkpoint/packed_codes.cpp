#include "checkpoint/packed_codes.h"

namespace gsfit {

std::size_t packed_size(std::size_t count, int bits) { return (count * static_cast<std::size_t>(bits) + 7) / 8; }

std::vector<std::byte> pack_codes(std::span<const std::uint32_t> codes, int bits) {
    std::vector<std::byte> bytes;
    bytes.reserve(packed_size(codes.size(), bits));
    std::uint64_t waiting = 0;
    int count = 0;
    for (const std::uint32_t code : codes) {
        waiting |= std::uint64_t{code} << count;
        for (count += bits; count >= 8; count -= 8, waiting >>= 8) bytes.push_back(static_cast<std::byte>(waiting));
    }
    if (count > 0) bytes.push_back(static_cast<std::byte>(waiting));
    return bytes;
}

std::vector<std::uint32_t> unpack_codes(std::span<const std::byte> bytes, std::size_t count, int bits) {
    std::vector<std::uint32_t> codes(count);
    const std::uint64_t mask = (std::uint64_t{1} << bits) - 1;
    std::uint64_t waiting = 0;
    int held = 0;
    std::size_t next = 0;
    for (std::uint32_t& code : codes) {
        for (; held < bits; held += 8) waiting |= std::to_integer<std::uint64_t>(bytes[next++]) << held;
        code = static_cast<std::uint32_t>(waiting & mask);
        waiting >>= bits;
        held -= bits;
    }
    return codes;
}

}  // namespace gsfit
