#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "bench/options.h"

namespace gsfit::bench {

using Json = nlohmann::ordered_json;

/// Machine, date and revision: the beginning of every report.
Json heading(const CommonOptions& common);

/// The heading in a line, the table with its columns aligned, and everything as JSON where it was asked for. Throws
/// OutputError.
void print_report(const CommonOptions& common, const Json& report, const std::vector<std::vector<std::string>>& table);

/// The number with as many decimals.
std::string fixed(double value, int decimals);

}  // namespace gsfit::bench
