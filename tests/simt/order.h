// The order in which threads and blocks take their turns.
#pragma once

#include <bit>
#include <cstdint>
#include <vector>

namespace simt {

class Order {
public:
    /// What SIMT_ORDER says; throws std::invalid_argument where that is none of fwd, rev and a number.
    static Order from_environment();

    /// One of the bits that are set in `candidates`, of which there is one at least.
    unsigned pick(std::uint32_t candidates) {
        if (kind_ == Kind::forward) return std::countr_zero(candidates);
        if (kind_ == Kind::reverse) return 31 - std::countl_zero(candidates);
        for (auto skip = std::uint64_t{draw()} * std::popcount(candidates) >> 32; skip > 0; --skip) {
            candidates &= candidates - 1;
        }
        return std::countr_zero(candidates);
    }

    /// All of [0, count), each once.
    std::vector<std::uint32_t> permutation(std::uint64_t count);

private:
    enum class Kind { forward, reverse, random };

    /// Knuth's linear congruential generator (MMIX), the upper half of its state.
    std::uint32_t draw() {
        state_ = state_ * 6364136223846793005u + 1442695040888963407u;
        return state_ >> 32;
    }

    Kind kind_ = Kind::forward;
    std::uint64_t state_ = 0;
};

}  // namespace simt
