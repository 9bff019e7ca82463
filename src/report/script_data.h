#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace gsfit {

/// JSON as content of a script element, which it cannot end.
std::string script_data(const nlohmann::ordered_json& json);

}  // namespace gsfit
