#include "codec/fixed_point.h"

#include <algorithm>
#include <array>

namespace gsfit::codec {
namespace {

// The tables are rounded from Taylor series in double, while compiling: basic operations, which are the same
// everywhere.

/// e^x, 0 <= x < 1.
constexpr double exponential(double x) {
    double sum = 0;
    for (int n = 24; n > 0; --n) sum = (1 + sum) * x / n;
    return 1 + sum;
}

/// sin(x), 0 <= x <= pi / 2.
constexpr double sine(double x) {
    double sum = 0;
    for (int n = 27; n > 1; n -= 2) sum = (1 + sum) * -x * x / (n * (n - 1));
    return x * (1 + sum);
}

constexpr int mantissa_bits = 30;

constexpr auto powers = [] {
    constexpr double ln2 = 0.693147180559945309417;
    std::array<std::uint32_t, octave> table{};
    for (int i = 0; i < octave; ++i) {
        table[i] = static_cast<std::uint32_t>(exponential(ln2 * i / octave) * (1 << mantissa_bits) + 0.5);
    }
    return table;
}();

/// Of a quarter turn.
constexpr auto sines = [] {
    constexpr double pi = 3.14159265358979323846;
    std::array<std::int16_t, half_turn / 2 + 1> table{};
    for (int i = 0; i <= half_turn / 2; ++i) {
        table[i] = static_cast<std::int16_t>(sine(pi * i / half_turn) * (1 << direction_bits) + 0.5);
    }
    return table;
}();

/// Whether (x, y) lies at `angle` or beyond, both from 0 to a half turn.
bool reaches(std::int64_t x, std::int64_t y, std::int32_t angle) {
    const Direction direction = direction_of(angle);
    return direction.cosine * y - direction.sine * x >= 0;
}

}  // namespace

std::int64_t exp2_fixed(Log exponent, int bits) {
    const std::int64_t mantissa = powers[exponent & (octave - 1)];
    const int shift = (exponent >> log_bits) + bits - mantissa_bits;
    if (shift >= 0) return shift < 32 ? mantissa << shift : std::int64_t{1} << 62;
    return shift > -32 ? round_shift(mantissa, -shift) : 0;
}

Log log2_fixed(std::uint64_t x, int bits) {
    x = std::max<std::uint64_t>(x, 1);
    const int width = std::bit_width(x);
    std::uint64_t mantissa = width > 32 ? x >> (width - 32) : x << (32 - width);  // [2^31, 2^32) stands for [1, 2)
    Log log = width - 1 - bits;
    for (int digit = 0; digit < log_bits; ++digit) {
        mantissa = mantissa * mantissa >> 31;
        const int carry = static_cast<int>(mantissa >> 32);
        mantissa >>= carry;
        log = 2 * log + carry;
    }
    return log;
}

std::int32_t logistic(std::int64_t x) {
    constexpr int bits = 24;
    const auto exponent = static_cast<Log>(std::clamp<std::int64_t>(-x, -20 * octave, 20 * octave));
    const std::int64_t whole = (std::int64_t{1} << bits) + exp2_fixed(exponent, bits);
    return static_cast<std::int32_t>(round_divide(std::int64_t{1} << (16 + bits), whole));
}

Direction direction_of(std::int32_t angle) {
    const std::int32_t rest = angle & (half_turn - 1);
    const bool obtuse = rest > half_turn / 2;
    const std::int32_t up = sines[obtuse ? half_turn - rest : rest];
    const std::int32_t along = obtuse ? -sines[rest - half_turn / 2] : sines[half_turn / 2 - rest];
    return (angle & half_turn) != 0 ? Direction{-along, -up} : Direction{along, up};
}

std::int32_t angle_of(std::int64_t x, std::int64_t y) {
    if (x == 0 && y == 0) return 0;
    const bool below = y < 0 || (y == 0 && x < 0);
    std::int32_t angle = 0;
    for (std::int32_t step = half_turn / 2; step > 0; step /= 2) {
        if (reaches(below ? -x : x, below ? -y : y, angle + step)) angle += step;
    }
    return below ? angle + half_turn : angle;
}

}  // namespace gsfit::codec
