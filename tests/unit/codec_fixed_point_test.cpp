#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "codec/bytes.h"
#include "codec/fixed_point.h"

namespace gsfit::codec {
namespace {

TEST(CodecFixedPoint, Exp2IsTheNearestInteger) {
    for (Log exponent = -20 * octave; exponent < 20 * octave; exponent += 7) {
        for (const int bits : {0, 12, 24, 30}) {
            const double exact = std::ldexp(std::exp2(std::ldexp(exponent, -log_bits)), bits);
            const double tolerance = 0.501 + exact * 0x1p-31;
            EXPECT_NEAR(static_cast<double>(exp2_fixed(exponent, bits)), exact, tolerance) << exponent << ' ' << bits;
        }
    }
    EXPECT_EQ(exp2_fixed(500 * octave, 16), std::int64_t{1} << 62);
    EXPECT_EQ(exp2_fixed(-500 * octave, 16), 0);
}

TEST(CodecFixedPoint, Log2IsTheFloor) {
    for (std::uint64_t x = 1; x < (std::uint64_t{1} << 62); x += x / 9 + 1) {
        const double exact = octave * (std::log2(static_cast<double>(x)) - 20);
        EXPECT_LE(log2_fixed(x, 20), exact + 1e-6) << x;
        EXPECT_GT(log2_fixed(x, 20), exact - 1.01) << x;
    }
    EXPECT_EQ(log2_fixed(0, 0), 0);
    EXPECT_EQ(log2_fixed(1 << 20, 20), 0);
}

TEST(CodecFixedPoint, LogisticRunsFromNothingToAll) {
    std::int32_t last = 0;
    for (std::int64_t x = -12 * octave; x <= 12 * octave; x += 5) {
        const double exact = 65536 / (1 + std::exp2(-std::ldexp(static_cast<double>(x), -log_bits)));
        EXPECT_NEAR(logistic(x), exact, 0.51) << x;
        EXPECT_GE(logistic(x), last) << x;
        last = logistic(x);
    }
    EXPECT_EQ(logistic(-(std::int64_t{1} << 60)), 0);
    EXPECT_EQ(logistic(std::int64_t{1} << 60), 1 << 16);
}

TEST(CodecFixedPoint, DirectionsAndAnglesAreInverse) {
    for (std::int32_t angle = 0; angle < 2 * half_turn; ++angle) {
        const Direction direction = direction_of(angle);
        const double exact = std::numbers::pi * angle / half_turn;
        EXPECT_NEAR(direction.cosine, std::cos(exact) * (1 << direction_bits), 0.501) << angle;
        EXPECT_NEAR(direction.sine, std::sin(exact) * (1 << direction_bits), 0.501) << angle;
        EXPECT_EQ(angle_of(std::int64_t{direction.cosine} << 20, std::int64_t{direction.sine} << 20), angle);
    }
    EXPECT_EQ(angle_of(0, 0), 0);
}

TEST(CodecFixedPoint, DivisionsRoundAsTheySay) {
    EXPECT_EQ(floor_divide(-7, 2), -4);
    EXPECT_EQ(ceil_divide(-7, 2), -3);
    EXPECT_EQ(floor_divide(7, 2), 3);
    EXPECT_EQ(ceil_divide(7, 2), 4);
    EXPECT_EQ(round_divide(7, 2), 4);
    EXPECT_EQ(round_divide(-7, 2), -3);
    EXPECT_EQ(round_divide(5, 3), 2);
    EXPECT_EQ(round_shift(-3, 1), -1);
}

/// No two machines may have other tables: the least difference in one entry shows here.
TEST(CodecFixedPoint, TablesAreTheFormats) {
    ByteWriter tables;
    for (Log exponent = 0; exponent < octave; ++exponent) {
        tables.word(static_cast<std::uint32_t>(exp2_fixed(exponent, 30)));
    }
    EXPECT_EQ(crc32(tables.bytes()), 2372387827U);
    for (std::int32_t angle = 0; angle <= half_turn / 2; ++angle) {
        tables.word(static_cast<std::uint32_t>(direction_of(angle).sine));
    }
    EXPECT_EQ(crc32(tables.bytes()), 2147158680U);
}

TEST(CodecBytes, ChecksumIsZlibs) {
    const std::string text = "123456789";
    EXPECT_EQ(crc32(std::as_bytes(std::span(text))), 0xCBF43926U);
}

TEST(CodecBytes, NumbersComeBack) {
    ByteWriter writer;
    const std::vector<std::int64_t> numbers{
        0, 1, -1, 63, -64, 64, 127, 128, 1 << 20, -(1 << 30), std::int64_t{1} << 40};
    for (const std::int64_t number : numbers) {
        writer.integer(number);
        writer.number(static_cast<std::uint64_t>(std::abs(number)));
    }
    ByteReader reader(writer.bytes());
    constexpr std::int64_t most = std::int64_t{1} << 50;
    for (const std::int64_t number : numbers) {
        EXPECT_EQ(reader.integer(-most, most), number);
        EXPECT_EQ(reader.number(0, most), std::abs(number));
    }
    EXPECT_EQ(reader.left(), 0U);
    EXPECT_THROW(reader.byte(), Damage);
    EXPECT_THROW(ByteReader(writer.bytes()).number(1, most), Damage);
}

}  // namespace
}  // namespace gsfit::codec
