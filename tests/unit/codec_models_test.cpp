#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "codec/models.h"

namespace gsfit::codec {
namespace {

/// Codes a mixture of all kinds of symbols, whose values it draws itself, and returns those that the coder returned.
template <class Coder>
std::vector<int> code_mixture(Coder& coder, unsigned seed, int count) {
    std::mt19937 random(seed);
    AdaptiveBit bit;
    Histogram<16> histogram;
    std::vector<int> values;
    for (int i = 0; i < count; ++i) {
        const int most = 1 + static_cast<int>(random() % 900);
        const int value = static_cast<int>(random() % (most + 1));
        values.push_back(code_bit(coder, value % 17 == 0, bit) ? 1 : 0);
        values.push_back(code_uniform(coder, value, most + 1));
        const auto place = [&](int k) { return static_cast<std::int32_t>((std::int64_t{k} << 16) / (most + 1)); };
        values.push_back(code_symbol(coder, value, 0, most, [&](int k) { return histogram.below(place(k)); }));
        histogram.add(place(values.back()));
    }
    return values;
}

class CodecModels : public testing::TestWithParam<int> {};

TEST_P(CodecModels, GiveBackWhatWasCoded) {
    for (unsigned seed = 0; seed < 50; ++seed) {
        RangeEncoder encoder;
        const std::vector<int> values = code_mixture(encoder, seed, GetParam());
        const double bits = encoder.bits();
        const std::vector<std::byte> bytes = encoder.finish();
        EXPECT_LE(8.0 * static_cast<double>(bytes.size()), bits + 16);
        RangeDecoder decoder(bytes);
        // A decoder ignores the values it is given: the same routine with another coder reads them.
        EXPECT_EQ(code_mixture(decoder, seed, GetParam()), values);
    }
}

INSTANTIATE_TEST_SUITE_P(Lengths, CodecModels, testing::Values(0, 1, 2, 3, 10, 1000));

TEST(CodecRange, CarriesThroughManyBytes) {
    // The last of 2^24 places again and again is a low end of ones, which the last symbol's carry runs through.
    RangeEncoder encoder;
    constexpr std::uint32_t total = 1 << 24;
    for (int i = 0; i < 20; ++i) encoder.encode(i == 0 ? 0 : total - 1, 1, total);
    encoder.encode(1, 1, 2);
    encoder.encode(2, 1, 3);
    const std::vector<std::byte> bytes = encoder.finish();
    RangeDecoder decoder(bytes);
    for (int i = 0; i < 20; ++i) {
        const std::uint32_t start = i == 0 ? 0 : total - 1;
        ASSERT_EQ(decoder.place(total), start);
        decoder.consume(start, 1);
    }
    ASSERT_EQ(decoder.place(2), 1U);
    decoder.consume(1, 1);
    EXPECT_EQ(decoder.place(3), 2U);
}

TEST(CodecRange, SpendsWhatASymbolIsWorth) {
    RangeEncoder encoder;
    for (int i = 0; i < 8000; ++i) encoder.encode(i % 2 == 0 ? 1 : 900, i % 2 == 0 ? 899 : 100, 1000);
    const double exact = -4000 * (std::log2(0.899) + std::log2(0.1));
    EXPECT_NEAR(encoder.bits(), exact, 1);
    EXPECT_LE(static_cast<double>(encoder.finish().size()), exact / 8 + 1.5);
}

TEST(CodecModels, AdaptedBitsAreCheap) {
    RangeEncoder encoder;
    AdaptiveBit bit;
    for (int i = 0; i < 4000; ++i) code_bit(encoder, false, bit);
    EXPECT_LT(encoder.bits(), 40);
    for (int i = 0; i < 100; ++i) code_bit(encoder, true, bit);
    EXPECT_GT(bit.probability(), 40000U);
}

TEST(CodecModels, HistogramsLearnAndStayWhole) {
    Histogram<24> histogram;
    for (int i = 0; i < 30000; ++i) {
        histogram.add(20000 + i % 5000);
        ASSERT_EQ(histogram.below(0), 0);
        ASSERT_EQ(histogram.below(1 << 16), std::int64_t{1} << chance_bits);
    }
    const std::int64_t inside = histogram.below(25200) - histogram.below(19800);
    EXPECT_GT(static_cast<double>(inside), 0.7 * (1 << chance_bits));
    for (int u = 1; u <= 1 << 16; ++u) ASSERT_GE(histogram.below(u), histogram.below(u - 1));
}

}  // namespace
}  // namespace gsfit::codec
