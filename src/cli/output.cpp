#include "cli/output.h"
#include "cli/text.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>
#include <vector>

#include "gsfit/core/error.h"

namespace gsfit::cli {
namespace {

using Lines = std::vector<std::pair<std::string, std::string>>;  // name, value

/// The values, and those of members as "run.exit".
void collect(const nlohmann::ordered_json& object, const std::string& prefix, Lines& lines) {
    for (const auto& [name, value] : object.items()) {
        if (value.is_object()) {
            collect(value, prefix + name + ".", lines);
        } else if (value.is_string()) {
            lines.emplace_back(prefix + name, value.get<std::string>());
        } else if (value.is_number_float()) {
            lines.emplace_back(prefix + name, text_of(value.get<double>()));
        } else if (!value.is_null()) {
            lines.emplace_back(prefix + name, value.dump());
        }
    }
}

}  // namespace

void print_result(const std::string& text) {
    if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0) {
        throw OutputError(text_of("cannot write to standard output: ", std::strerror(errno), "; check where it leads"));
    }
}

void print_json(const nlohmann::ordered_json& object) {
    using nlohmann::ordered_json;
    print_result(object.dump(-1, ' ', false, ordered_json::error_handler_t::replace) + "\n");
}

void print_table(const nlohmann::ordered_json& object) {
    Lines lines;
    collect(object, "", lines);
    std::size_t width = 0;
    for (const auto& [name, value] : lines) {
        width = std::max(width, name.size());
    }
    std::string text;
    for (const auto& [name, value] : lines) {
        text += text_of(std::left, std::setw(static_cast<int>(width) + 2), name, value, "\n");
    }
    print_result(text);
}

void print_report(const nlohmann::ordered_json& object, bool as_json) {
    as_json ? print_json(object) : print_table(object);
}

}  // namespace gsfit::cli
