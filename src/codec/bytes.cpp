#include "codec/bytes.h"

#include <array>

namespace gsfit::codec {
namespace {

constexpr auto crc_table = [] {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t i = 0; i < table.size(); ++i) {
        table[i] = i;
        for (int bit = 0; bit < 8; ++bit) table[i] = table[i] >> 1 ^ ((table[i] & 1) != 0 ? 0xEDB88320U : 0);
    }
    return table;
}();

std::uint64_t folded(std::int64_t value) {
    return static_cast<std::uint64_t>(value) << 1 ^ static_cast<std::uint64_t>(value >> 63);
}

std::int64_t unfolded(std::uint64_t value) {
    return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
}

std::uint64_t read_number(ByteReader& bytes) {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 63; shift += 7) {
        const unsigned byte = bytes.byte();
        value |= std::uint64_t{byte & 0x7F} << shift;
        if (byte < 0x80) return value;
    }
    throw Damage("its header has a number that is too long");
}

void check_range(std::int64_t value, std::int64_t least, std::int64_t most) {
    if (value < least || value > most) throw Damage("its header has a number that is out of range");
}

}  // namespace

std::uint32_t crc32(std::span<const std::byte> bytes) {
    std::uint32_t crc = 0xFFFFFFFFU;
    for (const std::byte byte : bytes) crc = crc >> 8 ^ crc_table[(crc ^ std::to_integer<std::uint32_t>(byte)) & 0xFF];
    return ~crc;
}

void ByteWriter::word(std::uint32_t value) {
    for (int shift = 0; shift < 32; shift += 8) byte(value >> shift & 0xFF);
}

void ByteWriter::number(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) byte(static_cast<unsigned>(value & 0x7F) | 0x80);
    byte(static_cast<unsigned>(value));
}

void ByteWriter::integer(std::int64_t value) { number(folded(value)); }

void ByteWriter::text(std::span<const std::byte> bytes) {
    number(bytes.size());
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
}

std::span<const std::byte> ByteReader::take(std::size_t count) {
    if (bytes_.size() < count) throw Damage("its header ends early");
    const auto taken = bytes_.first(count);
    bytes_ = bytes_.subspan(count);
    return taken;
}

std::uint32_t ByteReader::word() {
    std::uint32_t value = 0;
    int shift = 0;
    for (const std::byte byte : take(4)) {
        value |= std::to_integer<std::uint32_t>(byte) << shift;
        shift += 8;
    }
    return value;
}

std::int64_t ByteReader::number(std::int64_t least, std::int64_t most) {
    const auto value = static_cast<std::int64_t>(read_number(*this));
    check_range(value, least, most);
    return value;
}

std::int64_t ByteReader::integer(std::int64_t least, std::int64_t most) {
    const std::int64_t value = unfolded(read_number(*this));
    check_range(value, least, most);
    return value;
}

std::span<const std::byte> ByteReader::text(std::size_t limit) {
    return take(static_cast<std::size_t>(number(0, static_cast<std::int64_t>(limit))));
}

}  // namespace gsfit::codec
