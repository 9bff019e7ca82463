#include "cuda/primitives.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <stdexcept>
#include <vector>

namespace gsfit::gpu {
namespace {

TEST(ExclusiveScan, SumsIn64Bits) {
    const std::vector<std::uint32_t> in{4000000000, 4000000000, 0, 7};
    std::vector<std::uint64_t> out(4);
    std::vector<char> memory(scan_bytes(4));
    exclusive_scan(in.data(), out.data(), 4, {memory.data(), memory.size()}, nullptr);
    EXPECT_EQ(out, (std::vector<std::uint64_t>{0, 4000000000, 8000000000, 8000000000}));
}

template <class Key>
class SortPairs : public testing::Test {
protected:
    static constexpr std::int64_t n = 1000;
    static constexpr int key_bits = 8 * sizeof(Key);

    SortPairs() : keys_(n), sorted_keys_(n), values_(n), sorted_values_(n) {
        std::mt19937_64 random(5);
        for (std::int64_t i = 0; i < n; ++i) {
            keys_[i] = static_cast<Key>(random());
            values_[i] = static_cast<std::uint32_t>(i);
        }
    }

    void sort(int bits) {
        std::vector<char> memory(bytes());
        sort_pairs(keys_.data(), sorted_keys_.data(), values_.data(), sorted_values_.data(), n, bits,
                   {memory.data(), memory.size()}, nullptr);
    }

    static std::size_t bytes() { return sizeof(Key) == 8 ? sort_bytes64(n) : sort_bytes(n); }

    /// Values are places in the input: they tell whether equal keys kept their order.
    void expect_sorted_by(Key mask) const {
        for (std::int64_t i = 0; i < n; ++i) {
            ASSERT_EQ(sorted_keys_[i], keys_[sorted_values_[i]]) << i;
            if (i == 0) continue;
            const auto before = std::pair(sorted_keys_[i - 1] & mask, sorted_values_[i - 1]);
            ASSERT_LT(before, std::pair(sorted_keys_[i] & mask, sorted_values_[i])) << i;
        }
    }

    std::vector<Key> keys_, sorted_keys_;
    std::vector<std::uint32_t> values_, sorted_values_;
};

using Keys = testing::Types<std::uint32_t, std::uint64_t>;
TYPED_TEST_SUITE(SortPairs, Keys);

TYPED_TEST(SortPairs, SortsByAllBits) {
    this->sort(this->key_bits);
    this->expect_sorted_by(~TypeParam{0});
}

TYPED_TEST(SortPairs, LooksAtThePromisedBitsAloneAndIsStable) {
    this->sort(5);
    this->expect_sorted_by(31);
    this->sort(0);
    this->expect_sorted_by(0);
}

TYPED_TEST(SortPairs, RefusesBitsThatKeysDoNotHave) {
    EXPECT_THROW(this->sort(-1), std::invalid_argument);
    EXPECT_THROW(this->sort(this->key_bits + 1), std::invalid_argument);
}

TYPED_TEST(SortPairs, RefusesAWorkspaceThatIsTooSmall) {
    std::vector<char> memory(this->bytes() - 1);
    EXPECT_THROW(sort_pairs(this->keys_.data(), this->sorted_keys_.data(), this->values_.data(),
                            this->sorted_values_.data(), this->n, 32, {memory.data(), memory.size()}, nullptr),
                 std::invalid_argument);
}

TEST(Primitives, DoNothingWithNothing) {
    exclusive_scan(nullptr, nullptr, 0, {nullptr, 0}, nullptr);
    const std::uint32_t* none = nullptr;
    sort_pairs(none, nullptr, nullptr, nullptr, 0, 32, {nullptr, 0}, nullptr);
}

}  // namespace
}  // namespace gsfit::gpu
