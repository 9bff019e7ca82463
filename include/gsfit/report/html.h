#pragma once

// Text and files as parts of an HTML page.

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <string_view>

namespace gsfit {

/// The text with U+FFFD for bytes that are no UTF-8.
std::string utf8(std::string_view text);

/// UTF-8 as content of an element or as a quoted attribute: it cannot end either.
std::string escaped(std::string_view text);

/// "data:<type>;base64,..."
std::string data_uri(std::string_view type, std::span<const std::byte> bytes);

/// The page with each {{name}} replaced by its part; what stands in a part is not looked at. Throws std::out_of_range
/// for a name without a part.
std::string filled(std::string_view page, const std::map<std::string, std::string, std::less<>>& parts);

}  // namespace gsfit
