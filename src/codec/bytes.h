#pragma once

// Numbers as bytes.

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace gsfit::codec {

/// The file is not what it should be: "its header ends early".
struct Damage : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// CRC-32 as in zlib and PNG.
std::uint32_t crc32(std::span<const std::byte> bytes);

class ByteWriter {
public:
    void byte(unsigned value) { bytes_.push_back(static_cast<std::byte>(value)); }
    /// Little endian.
    void word(std::uint32_t value);
    void real(float value) { word(std::bit_cast<std::uint32_t>(value)); }
    /// 7 bits a byte, the lowest first; the high bit is set in all but the last.
    void number(std::uint64_t value);
    /// 0, -1, 1, -2, ... as number 0, 1, 2, 3, ...
    void integer(std::int64_t value);
    void text(std::span<const std::byte> bytes);  ///< after its length

    [[nodiscard]] const std::vector<std::byte>& bytes() const { return bytes_; }

private:
    std::vector<std::byte> bytes_;
};

/// All throw Damage where the bytes end, or a number is not in its range.
class ByteReader {
public:
    explicit ByteReader(std::span<const std::byte> bytes) : bytes_(bytes) {}

    unsigned byte() { return std::to_integer<unsigned>(take(1)[0]); }
    std::uint32_t word();
    float real() { return std::bit_cast<float>(word()); }
    std::int64_t number(std::int64_t least, std::int64_t most);
    std::int64_t integer(std::int64_t least, std::int64_t most);
    std::span<const std::byte> text(std::size_t limit);

    [[nodiscard]] std::size_t left() const { return bytes_.size(); }

private:
    std::span<const std::byte> take(std::size_t count);

    std::span<const std::byte> bytes_;
};

}  // namespace gsfit::codec
