#pragma once

#include <array>
#include <cstdint>

#include "cli/arguments.h"

namespace gsfit::cli {

// Values of a command's own flags. All throw UsageError for what is not a value of the kind or out of range.

/// least to most.
std::int64_t integer_value(const Arguments& arguments, std::string_view flag, std::int64_t least, std::int64_t most);

/// Above 0, up to most.
double positive_value(const Arguments& arguments, std::string_view flag, std::int64_t most);

/// "WIDTHxHEIGHT" of at least 1 and together at most `most_pixels`.
std::array<std::int64_t, 2> size_value(const Arguments& arguments, std::string_view flag, std::int64_t most_pixels);

/// Four integers with commas between them.
std::array<std::int64_t, 4> rectangle_value(const Arguments& arguments, std::string_view flag);

}  // namespace gsfit::cli
