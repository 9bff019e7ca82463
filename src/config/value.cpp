// One value: from text to what its key accepts, and back.

#include "config/value.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <system_error>

#include "gsfit/core/error.h"
#include "gsfit/core/utf8.h"

namespace gsfit {
namespace {

constexpr std::size_t longest_quotation = 60;
constexpr std::array<std::string_view, 4> words_for_true{"true", "True", "yes", "on"};
constexpr std::array<std::string_view, 4> words_for_false{"false", "False", "no", "off"};

/// 010, which YAML readers take for 8 or for 10.
bool has_leading_zero(std::string_view text) {
    text.remove_prefix(text.starts_with('-') ? 1 : 0);
    return text.size() > 1 && text[0] == '0' && text[1] >= '0' && text[1] <= '9';
}

bool is_decimal(std::string_view text) {
    return text.find_first_not_of("0123456789.eE+-") == std::string_view::npos && !has_leading_zero(text);
}

template <class T>
std::optional<T> parse_decimal(std::string_view text, const Range& range) {
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (!is_decimal(text) || error != std::errc() || end != text.data() + text.size()) {
        return std::nullopt;
    }
    const auto number = static_cast<double>(value);
    const bool inside = (range.above ? number > range.least : number >= range.least) && number <= range.most;
    return inside ? std::optional(value + T{0}) : std::nullopt;  // + 0 turns -0.0 into 0.0
}

std::optional<std::int64_t> parse_integer(const Key& key, std::string_view text) {
    const bool is_zero = !key.zero_word.empty() && text == key.zero_word;
    return is_zero ? 0 : parse_decimal<std::int64_t>(text, key.range);
}

std::optional<bool> parse_boolean(std::string_view text) {
    if (std::ranges::find(words_for_true, text) != words_for_true.end()) {
        return true;
    }
    if (std::ranges::find(words_for_false, text) != words_for_false.end()) {
        return false;
    }
    return std::nullopt;
}

template <class T>
std::optional<Value> as_value(const std::optional<T>& parsed) {
    return parsed ? std::optional<Value>(*parsed) : std::nullopt;
}

/// Image-GS writes INFO where others write info.
std::optional<Value> parse_choice(const Key& key, std::string_view text) {
    std::string lower(text);
    std::ranges::transform(lower, lower.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c; });
    const auto found = std::ranges::find(key.choices, lower);
    return found != key.choices.end() ? std::optional<Value>(std::move(lower)) : std::nullopt;
}

std::optional<Value> try_parse(const Key& key, const Written& written) {
    const std::string_view text = written.text;
    switch (key.type) {
        case Type::boolean:
            return written.quoted ? std::nullopt : as_value(parse_boolean(text));
        case Type::integer:
            return written.quoted ? std::nullopt : as_value(parse_integer(key, text));
        case Type::number:
            return written.quoted ? std::nullopt : as_value(parse_decimal<double>(text, key.range));
        case Type::choice:
            return parse_choice(key, text);
        case Type::text:
        case Type::path:
            return is_utf8(text) && std::ranges::none_of(text, is_control) ? std::optional<Value>(std::string(text))
                                                                           : std::nullopt;
    }
    return std::nullopt;
}

std::string expectation(const Key& key) {
    switch (key.type) {
        case Type::boolean:
            return "true or false";
        case Type::integer:
            return "a whole number, " + accepted_values(key);
        case Type::number:
            return "a number, " + accepted_values(key);
        case Type::choice:
            return "one of " + accepted_values(key);
        case Type::text:
        case Type::path:
            return "UTF-8 text without control characters";
    }
    return {};
}

/// Why a value is refused that looks as if it would do.
std::string hint(const Key& key, const Written& written) {
    if (key.type == Type::choice) {
        const std::string_view nearest = suggest(written.text, key.choices);
        return nearest.empty() ? "" : "; did you mean '" + std::string(nearest) + "'?";
    }
    if (key.type == Type::text || key.type == Type::path) {
        return "";
    }
    if (written.quoted) {
        return " as text; remove the quotes";
    }
    if (key.type != Type::boolean && has_leading_zero(written.text)) {
        return "; remove the leading zero, which could mean an octal number";
    }
    return "";
}

std::string double_quoted(std::string_view text) {
    std::string result = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            result += '\\';
        }
        result += c;
    }
    return result + '"';
}

}  // namespace

Value parse_value(const Key& key, const Written& written, const std::string& subject) {
    if (std::optional<Value> value = try_parse(key, written)) {
        return *std::move(value);
    }
    throw UsageError(subject + " must be " + expectation(key) + ", not " + quote(written.text) + hint(key, written));
}

std::string yaml_text(const Key& key, const Value& value) {
    if (const bool* truth = std::get_if<bool>(&value)) {
        return *truth ? "true" : "false";
    }
    if (const std::int64_t* integer = std::get_if<std::int64_t>(&value)) {
        return *integer == 0 && !key.zero_word.empty() ? std::string(key.zero_word) : std::to_string(*integer);
    }
    if (const double* number = std::get_if<double>(&value)) {
        std::array<char, 512> buffer{};  // the smallest number has 324 decimals, and 17 digits at most
        const auto end = std::to_chars(buffer.begin(), buffer.end(), *number, std::chars_format::fixed).ptr;
        return {buffer.begin(), end};
    }
    const std::string& text = std::get<std::string>(value);
    return key.type == Type::choice ? text : double_quoted(text);
}

std::string printable(std::string_view text) {
    const bool readable = is_utf8(text);
    std::string shown(text);
    std::ranges::replace_if(
        shown, [&](char c) { return is_control(c) || (!readable && static_cast<unsigned char>(c) >= 0x80); }, '?');
    return shown;
}

std::string quote(std::string_view text) {
    const bool cut = text.size() > longest_quotation;
    std::string shown(text.substr(0, longest_quotation));
    while (cut && !shown.empty() && (static_cast<unsigned char>(text[shown.size()]) & 0xC0U) == 0x80) {
        shown.pop_back();  // not in the middle of a code point
    }
    return std::string("'").append(printable(shown)).append(cut ? "...'" : "'");
}

}  // namespace gsfit
