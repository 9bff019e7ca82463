#include "gsfit/core/random.h"

#include <bit>

namespace gsfit {

namespace {

/// splitmix64: spreads a seed over the four words, as the authors of xoshiro advise.
std::uint64_t splitmix(std::uint64_t& seed) {
    std::uint64_t z = seed += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

}  // namespace

Random::Random(std::uint64_t seed) : state_{} {
    for (auto& word : state_) word = splitmix(seed);
}

std::uint64_t Random::bits() {
    auto& s = state_;
    const std::uint64_t result = std::rotl(s[0] + s[3], 23) + s[0];
    const std::uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = std::rotl(s[3], 45);
    return result;
}

double Random::uniform() { return static_cast<double>(bits() >> 11) * 0x1.0p-53; }

std::int64_t Random::below(std::int64_t n) {
    const auto range = static_cast<std::uint64_t>(n);
    const std::uint64_t reject_from = ~std::uint64_t{0} - (~std::uint64_t{0} % range + 1) % range;
    std::uint64_t word = bits();
    while (word > reject_from) word = bits();
    return static_cast<std::int64_t>(word % range);
}

}  // namespace gsfit
