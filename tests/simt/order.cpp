#include "simt/order.h"

#include <algorithm>
#include <cstdlib>
#include <numeric>
#include <random>
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
        order.state_ = std::stoul(text);
        order.draw();  // seeds are small: their first draws would be alike
        order.draw();
    }
    return order;
}

std::vector<std::uint32_t> Order::permutation(std::uint64_t count) {
    std::vector<std::uint32_t> all(count);
    std::iota(all.begin(), all.end(), 0u);
    if (kind_ == Kind::reverse) std::reverse(all.begin(), all.end());
    if (kind_ == Kind::random) std::shuffle(all.begin(), all.end(), std::minstd_rand(draw()));
    return all;
}

}  // namespace simt
