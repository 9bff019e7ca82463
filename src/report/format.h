// Amounts as people read them.

#pragma once

#include <string>

namespace gsfit {

/// "801 kB", "1.25 GB": three digits, powers of 1000.
std::string bytes_text(double bytes);
/// "1.93 s", "3:05 min", "2:07 h"
std::string duration_text(double seconds);

}  // namespace gsfit
