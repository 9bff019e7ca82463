#pragma once

#include <string>
#include <string_view>

#include "gsfit/config.h"

namespace gsfit {

/// A value as it was written: `quoted` where YAML says that it is text.
struct Written {
    std::string_view text;
    bool quoted = false;
};

/// Throws UsageError "<subject> must be ..., not '...'" when the key does not accept it.
Value parse_value(const Key& key, const Written& written, const std::string& subject);

/// The value as YAML that parse_value reads back.
std::string yaml_text(const Key& key, const Value& value);

/// The text without characters that would spoil a terminal or a comment.
std::string printable(std::string_view text);

/// 'text' for a message: printable and shortened.
std::string quote(std::string_view text);

}  // namespace gsfit
