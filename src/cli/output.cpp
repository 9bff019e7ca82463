#include "cli/output.h"
#include "cli/text.h"

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "gsfit/core/error.h"

namespace gsfit::cli {

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
    std::string text;
    for (const auto& [name, value] : object.items()) {
        if (value.is_string()) {
            text += text_of(std::left, std::setw(16), name, value.get<std::string>(), "\n");
        } else if (value.is_number_float()) {
            text += text_of(std::left, std::setw(16), name, value.get<double>(), "\n");
        } else if (!value.is_null()) {
            text += text_of(std::left, std::setw(16), name, value.dump(), "\n");
        }
    }
    print_result(text);
}

void print_report(const nlohmann::ordered_json& object, bool as_json) {
    as_json ? print_json(object) : print_table(object);
}

}  // namespace gsfit::cli
