#pragma once

#include <array>
#include <cstdint>

namespace gsfit {

/// xoshiro256++ 1.0 (Blackman and Vigna, 2019): the same numbers on every machine, and a state of four words that a
/// checkpoint can hold.
class Random {
public:
    using State = std::array<std::uint64_t, 4>;

    explicit Random(std::uint64_t seed = 0);
    explicit Random(const State& state) : state_(state) {}

    [[nodiscard]] const State& state() const { return state_; }
    std::uint64_t bits();
    /// Uniform in [0, 1).
    double uniform();
    /// Uniform in [0, n); n > 0.
    std::int64_t below(std::int64_t n);

private:
    State state_;
};

}  // namespace gsfit
