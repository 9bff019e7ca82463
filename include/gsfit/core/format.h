#pragma once

// Numbers as people read them.

#include <string>

namespace gsfit {

/// "12,345"
std::string grouped(double integer);
/// "41.19" of 41.187 with two decimals.
std::string decimal(double value, int decimals);

}  // namespace gsfit
