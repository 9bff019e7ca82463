#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "gsfit/config.h"

namespace gsfit {

/// Index of a key in schema().
std::optional<std::size_t> find_key(std::string_view name);

std::vector<std::string_view> key_names();

}  // namespace gsfit
