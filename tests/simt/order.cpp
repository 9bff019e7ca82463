#include "simt/order.h"

#include <algorithm>
#include <cstdlib>
#include <numeric>
#include <stdexcept>
#include <string>

namespace simt {

Order Order::from_environment() {
    const char* const variable = std::getenv("SIMT_ORDER");
    const std::string text = variable ? variable : "fwd";
    Order order;
    if (text == "rev") {
        order.kind_ = Kind::reverse;
    } else if (text != "fwd") {
        if (text.empty() || text.size() > 9 || text.find_first_not_of("0123456789") != std::string::npos) {
            throw std::invalid_argument("SIMT_ORDER is \"" + text + "\": give fwd, rev or a number.");
        }
        order.kind_ = Kind::random;
        order.generator_.seed(static_cast<unsigned>(std::stoul(text)));
    }
    return order;
}

unsigned Order::pick(unsigned candidates) {
    if (kind_ == Kind::reverse) return 31 - __builtin_clz(candidates);
    if (kind_ == Kind::random) {
        for (auto skip = (generator_() >> 8) % __builtin_popcount(candidates); skip > 0; --skip) {
            candidates &= candidates - 1;
        }
    }
    return __builtin_ctz(candidates);
}

std::vector<std::uint32_t> Order::permutation(std::uint64_t count) {
    std::vector<std::uint32_t> all(count);
    std::iota(all.begin(), all.end(), 0u);
    if (kind_ == Kind::reverse) std::reverse(all.begin(), all.end());
    if (kind_ == Kind::random) std::shuffle(all.begin(), all.end(), generator_);
    return all;
}

}  // namespace simt
