#include "cli/values.h"
#include "cli/text.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "gsfit/core/error.h"

namespace gsfit::cli {
namespace {

/// The whole text as a number, or none.
template <typename Number>
std::optional<Number> parse(std::string_view text) {
    Number number{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() && end == text.data() + text.size() ? std::optional(number) : std::nullopt;
}

}  // namespace

std::int64_t integer_value(const Arguments& arguments, std::string_view flag, std::int64_t least, std::int64_t most) {
    const auto number = parse<std::int64_t>(arguments.value(flag));
    if (!number || *number < least || *number > most) {
        throw UsageError(text_of("--", flag, " must be an integer from ", least, " to ", most, ", not '",
                                 arguments.value(flag), "'"));
    }
    return *number;
}

double positive_value(const Arguments& arguments, std::string_view flag, std::int64_t most) {
    const auto number = parse<double>(arguments.value(flag));
    if (!number || !(*number > 0) || *number > static_cast<double>(most)) {
        throw UsageError(
            text_of("--", flag, " must be a number above 0, up to ", most, ", not '", arguments.value(flag), "'"));
    }
    return *number;
}

std::array<std::int64_t, 2> size_value(const Arguments& arguments, std::string_view flag, std::int64_t most_pixels) {
    const std::string text = arguments.value(flag);
    const std::size_t cross = text.find('x');
    const auto width = parse<std::int64_t>(text.substr(0, cross));
    const auto height = cross == std::string::npos ? std::nullopt : parse<std::int64_t>(text.substr(cross + 1));
    if (!width || !height || *width < 1 || *height < 1 || *width > most_pixels / *height) {
        throw UsageError(
            text_of("--", flag, " must be WIDTHxHEIGHT of up to ", most_pixels, " pixels, not '", text, "'"));
    }
    return {*width, *height};
}

std::array<std::int64_t, 4> rectangle_value(const Arguments& arguments, std::string_view flag) {
    const std::string text = arguments.value(flag) + ",";
    std::array<std::int64_t, 4> values{};
    const char* at = text.data();
    const char* const last = text.data() + text.size();
    for (std::int64_t& value : values) {
        const auto [end, error] = std::from_chars(at, last, value);
        if (error != std::errc() || *end != ',') {
            break;
        }
        at = end + 1;
    }
    if (at != last || std::count(text.begin(), text.end(), ',') != 4) {
        throw UsageError(
            text_of("--", flag, " must be four integers x,y,width,height, not '", arguments.value(flag), "'"));
    }
    return values;
}

}  // namespace gsfit::cli
