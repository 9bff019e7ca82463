#pragma once

#include <cstdint>
#include <cstdio>
#include <string>

namespace gsfit {

/// "0.52 GB", of 10^9 bytes.
inline std::string gigabytes(std::int64_t bytes) {
    char text[32];
    std::snprintf(text, sizeof text, "%.2f GB", static_cast<double>(bytes) / 1e9);
    return text;
}

inline std::int64_t part(double fraction, std::int64_t bytes) {
    return static_cast<std::int64_t>(fraction * static_cast<double>(bytes));
}

}  // namespace gsfit
