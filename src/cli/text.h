#pragma once

#include <iomanip>
#include <ios>
#include <sstream>
#include <string>

namespace gsfit::cli {

/// The parts one after the other, as streams print them.
template <class... Parts>
std::string text_of(const Parts&... parts) {
    std::ostringstream stream;
    (stream << ... << parts);
    return stream.str();
}

inline std::string fixed(double value, int decimals) { return text_of(std::fixed, std::setprecision(decimals), value); }

}  // namespace gsfit::cli
