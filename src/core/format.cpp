#include "gsfit/core/format.h"

#include <array>
#include <cstdio>

namespace gsfit {

std::string decimal(double value, int decimals) {
    std::array<char, 400> text{};
    std::snprintf(text.data(), text.size(), "%.*f", decimals, value);
    return text.data();
}

std::string grouped(double integer) {
    std::string text = decimal(integer, 0);
    for (std::size_t i = text.size(); i > 3 && text[i - 4] != '-'; i -= 3) text.insert(i - 3, 1, ',');
    return text;
}

}  // namespace gsfit
