#pragma once

// Whole numbers of a few bits each, one after another without gaps: bit k of the sequence is bit k % 8 of byte k / 8, a
// number's lowest bit comes first, and the last byte is filled with zeros.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace gsfit {

/// Bytes of `count` numbers of 1 to 32 bits; count below 2^48.
std::size_t packed_size(std::size_t count, int bits);

/// Every code is below 2^bits.
std::vector<std::byte> pack_codes(std::span<const std::uint32_t> codes, int bits);

/// The first `count` of them; `bytes` has packed_size() and may be more.
std::vector<std::uint32_t> unpack_codes(std::span<const std::byte> bytes, std::size_t count, int bits);

}  // namespace gsfit
