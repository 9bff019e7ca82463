// The order in which threads and blocks take their turns.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

namespace simt {

class Order {
public:
    /// What SIMT_ORDER says; throws std::invalid_argument where that is none of fwd, rev and a number.
    static Order from_environment();

    /// One of the bits that are set in `candidates`, of which there is one at least.
    unsigned pick(unsigned candidates);

    /// All of [0, count), each once.
    std::vector<std::uint32_t> permutation(std::uint64_t count);

private:
    enum class Kind { forward, reverse, random };
    Kind kind_ = Kind::forward;
    std::minstd_rand generator_;
};

}  // namespace simt
