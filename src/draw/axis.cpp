#include "draw/axis.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>

namespace gsfit {
namespace {

constexpr std::size_t most_ticks = 7;

/// The smallest of 1, 2 and 5 times a power of 10 that is at least `rough`.
double nice_step(double rough) {
    const double power = std::pow(10, std::floor(std::log10(rough)));
    for (const double factor : {1.0, 2.0, 5.0}) {
        if (factor * power >= 0.999999 * rough) return factor * power;
    }
    return 10 * power;
}

std::string fixed(double value, int decimals) {
    std::array<char, 64> text{};
    return {text.data(),
            std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed, decimals).ptr};
}

/// 12345.5 as "12,345.5".
std::string with_separators(std::string number) {
    const std::size_t digits = std::min(number.find('.'), number.size());
    const std::size_t first = number.starts_with('-') ? 1 : 0;
    for (std::size_t i = digits; i > first + 3; i -= 3) number.insert(i - 3, 1, ',');
    return number;
}

std::string superscript(int number) {
    static constexpr std::array signs{"\u2070", "\u00b9", "\u00b2", "\u00b3", "\u2074",
                                      "\u2075", "\u2076", "\u2077", "\u2078", "\u2079"};
    std::string text = number < 0 ? "\u207b" : "";
    for (const char digit : std::to_string(std::abs(number))) text += signs[static_cast<std::size_t>(digit - '0')];
    return text;
}

/// 0.0002 as "2·10⁻⁴".
std::string scientific(double value, int exponent) {
    const std::string mantissa = fixed(value / std::pow(10, exponent), 0);
    return (mantissa == "1" ? "" : mantissa + "\u00b7") + "10" + superscript(exponent);
}

int exponent_of(double value) { return static_cast<int>(std::floor(std::log10(value) + 1e-9)); }

/// Of a tick that is 1, 2 or 5 times a power of 10.
std::string logarithmic_label(double tick) {
    const int exponent = exponent_of(tick);
    return exponent >= -2 && exponent <= 5 ? with_separators(fixed(tick, std::max(0, -exponent)))
                                           : scientific(tick, exponent);
}

}  // namespace

double Axis::place(double value) const {
    return logarithmic ? std::log(value / low) / std::log(high / low) : (value - low) / (high - low);
}

Axis linear_axis(double least, double greatest) {
    if (greatest - least <= 1e-9 * std::max(std::abs(least), std::abs(greatest))) {  // one value: room around it
        const double room = least == 0 ? 1 : std::abs(least) / 10;
        least -= least == 0 ? 0 : room;
        greatest += room;
    }
    const double step = nice_step((greatest - least) / static_cast<double>(most_ticks - 2));
    const auto first = static_cast<std::int64_t>(std::floor(least / step + 1e-6));
    const auto last = static_cast<std::int64_t>(std::ceil(greatest / step - 1e-6));
    const int decimals = std::max(0, -exponent_of(step));
    Axis axis{static_cast<double>(first) * step, static_cast<double>(last) * step, false, {}, {}};
    for (std::int64_t i = first; i <= last; ++i) {
        axis.ticks.push_back(static_cast<double>(i) * step);
        axis.labels.push_back(with_separators(fixed(axis.ticks.back(), decimals)));
    }
    return axis;
}

Axis logarithmic_axis(double least, double greatest) {
    std::vector<double> candidates;
    for (int exponent = exponent_of(least); exponent <= exponent_of(greatest) + 1; ++exponent) {
        for (const double factor : {1.0, 2.0, 5.0}) candidates.push_back(factor * std::pow(10, exponent));
    }
    auto first = std::ranges::upper_bound(candidates, least * 1.000001) - 1;
    auto last = std::ranges::lower_bound(candidates, greatest * 0.999999);
    if (first == last) last == candidates.begin() ? ++last : --first;
    Axis axis{*first, *last, true, {first, last + 1}, {}};
    if (axis.ticks.size() > most_ticks) {
        std::erase_if(axis.ticks, [](double tick) { return std::round(tick / std::pow(10, exponent_of(tick))) != 1; });
    }
    while (axis.ticks.size() > most_ticks) {
        std::size_t i = 0;
        std::erase_if(axis.ticks, [&](double) { return i++ % 2 == 1; });
    }
    for (const double tick : axis.ticks) axis.labels.push_back(logarithmic_label(tick));
    return axis;
}

}  // namespace gsfit
