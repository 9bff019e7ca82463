#pragma once

#include <set>
#include <string>

namespace gsfit {

/// The name, or the first of name-2, name-3 ... that is free; it is taken then.
inline std::string free_name(const std::string& name, std::set<std::string>& taken) {
    std::string candidate = name;
    for (int number = 2; !taken.insert(candidate).second; ++number) candidate = name + "-" + std::to_string(number);
    return candidate;
}

}  // namespace gsfit
