#pragma once

// The arithmetic of the compact file: integers only, so that every machine computes the same (docs/format.md).

#include <bit>
#include <cstdint>

namespace gsfit::codec {

/// Logarithms are to base 2, in steps of 1/4096: 4096 is an octave.
using Log = std::int32_t;
inline constexpr int log_bits = 12;
inline constexpr Log octave = 1 << log_bits;

/// Angles of a half turn, in its 4096ths.
inline constexpr int angle_bits = 12;
inline constexpr std::int32_t half_turn = 1 << angle_bits;
inline constexpr int direction_bits = 14;  ///< after the binary point of a cosine

/// a / b towards minus infinity; b > 0.
constexpr std::int64_t floor_divide(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }
constexpr std::int64_t ceil_divide(std::int64_t a, std::int64_t b) { return -floor_divide(-a, b); }
/// To the nearest integer, halves upwards; b > 0.
constexpr std::int64_t round_divide(std::int64_t a, std::int64_t b) { return floor_divide(2 * a + b, 2 * b); }
/// x / 2^bits to the nearest integer, halves upwards; bits > 0.
constexpr std::int64_t round_shift(std::int64_t x, int bits) { return (x + (std::int64_t{1} << (bits - 1))) >> bits; }

/// 2^(exponent / 4096) in steps of 2^-bits, to the nearest; at most 2^62.
std::int64_t exp2_fixed(Log exponent, int bits);

/// log2(x / 2^bits), downwards; of 0 as of 1.
Log log2_fixed(std::uint64_t x, int bits);

/// 1 / (1 + 2^-(x / 4096)) in steps of 2^-16, to the nearest.
std::int32_t logistic(std::int64_t x);

/// Cosine and sine of an angle from 0 to a whole turn, in steps of 2^-14.
struct Direction {
    std::int32_t cosine, sine;
};
Direction direction_of(std::int32_t angle);

/// The angle of (x, y), downwards, 0 to a whole turn; of (0, 0) it is 0. |x|, |y| < 2^46.
std::int32_t angle_of(std::int64_t x, std::int64_t y);

}  // namespace gsfit::codec
