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

/// Four integers with commas between them.
std::array<std::int64_t, 4> rectangle_value(const Arguments& arguments, std::string_view flag);

}  // namespace gsfit::cli
