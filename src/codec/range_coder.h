#pragma once

// Range coder (Martin, 1979): an interval of 56 bits, narrowed symbol by symbol.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace gsfit::codec {

class RangeEncoder {
public:
    static constexpr bool decodes = false;

    /// Takes [start, start + size) of `total`; size > 0, total at most 2^24.
    void encode(std::uint32_t start, std::uint32_t size, std::uint32_t total);
    /// The stream, as short as it can be. Nothing may follow.
    std::vector<std::byte> finish();
    /// What has been spent [bits].
    [[nodiscard]] double bits() const;

private:
    void carry();

    std::vector<std::byte> bytes_;
    std::uint64_t low_ = 0;
    std::uint64_t range_ = std::uint64_t{1} << 56;
};

/// Reads zeros beyond the end.
class RangeDecoder {
public:
    static constexpr bool decodes = true;

    explicit RangeDecoder(std::span<const std::byte> bytes);

    /// The place of the next symbol, below `total`; consume() has to follow.
    std::uint32_t place(std::uint32_t total);
    /// What encode() took.
    void consume(std::uint32_t start, std::uint32_t size);

private:
    void shift();

    std::span<const std::byte> bytes_;
    std::uint64_t code_ = 0;
    std::uint64_t range_ = std::uint64_t{1} << 56;
    std::uint64_t unit_ = 0;  // of the interval, between place() and consume()
};

}  // namespace gsfit::codec
