#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace gsfit::cli {

/// Results go to stdout, all at once. Throws OutputError when they cannot be written.
void print_result(const std::string& text);

/// One JSON object on one line; values that JSON has no number for (infinite PSNR) become null.
void print_json(const nlohmann::ordered_json& object);

/// The same object for people: a line for each value that is not null.
void print_table(const nlohmann::ordered_json& object);

/// print_json or print_table.
void print_report(const nlohmann::ordered_json& object, bool as_json);

}  // namespace gsfit::cli
