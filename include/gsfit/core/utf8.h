#pragma once

#include <string_view>

namespace gsfit {

/// Well-formed UTF-8 (Unicode 15, table 3-7): no overlong forms, no surrogates, nothing above U+10FFFF.
bool is_utf8(std::string_view text);

/// U+0000 to U+001F and U+007F.
bool is_control(char character);

}  // namespace gsfit
