#include "report/metrics.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <string_view>

#include "gsfit/core/error.h"
#include "gsfit/core/file.h"

namespace gsfit {
namespace {

constexpr std::size_t metrics_size_limit = std::size_t{1} << 30;  // [bytes]
constexpr std::size_t most_rows = 2000;

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    for (std::size_t end = 0; end != std::string_view::npos; text.remove_prefix(std::min(end + 1, text.size()))) {
        end = text.find(separator);
        parts.push_back(text.substr(0, end));
    }
    return parts;
}

/// NaN for an empty field; none for one that is no number.
std::optional<double> value_of(std::string_view field) {
    if (field.empty()) return std::numeric_limits<double>::quiet_NaN();
    double value = 0;
    const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
    return error == std::errc() && end == field.data() + field.size() ? std::optional(value) : std::nullopt;
}

/// A value for each column, or nothing.
std::vector<double> row_of(std::string_view line, std::size_t columns) {
    std::vector<double> row;
    for (const std::string_view field : split(line, ',')) {
        const std::optional<double> value = value_of(field);
        if (!value) return {};
        row.push_back(*value);
    }
    return row.size() == columns ? row : std::vector<double>();
}

/// At most `most_rows` of `rows`, evenly, the first and the last among them.
std::vector<std::size_t> kept_rows(std::size_t rows) {
    std::vector<std::size_t> kept(std::min(rows, most_rows));
    for (std::size_t i = 0; i < kept.size(); ++i) kept[i] = rows <= most_rows ? i : i * (rows - 1) / (most_rows - 1);
    return kept;
}

}  // namespace

const std::vector<double>& Metrics::column(std::string_view name) const {
    static const std::vector<double> none;
    const auto found = columns.find(name);
    return found == columns.end() ? none : found->second;
}

Metrics read_metrics(const std::filesystem::path& run_folder) {
    const std::filesystem::path path = run_folder / "metrics.csv";
    const std::vector<std::byte> bytes = read_file(path, metrics_size_limit);
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    std::vector<std::string_view> lines = split(text, '\n');
    lines.pop_back();  // empty, or cut short
    const std::vector<std::string_view> names = lines.empty() ? lines : split(lines.front(), ',');
    for (const std::string_view needed : {"step", "seconds"}) {
        if (std::ranges::find(names, needed) == names.end()) {
            throw InputError("'" + path.string() + "' is damaged or no table of a gsfit run; name another run folder");
        }
    }
    std::vector<std::vector<double>> rows;
    for (std::size_t i = 1; i < lines.size(); ++i) {
        rows.push_back(row_of(lines[i], names.size()));
        if (rows.back().empty()) {
            rows.pop_back();
            break;
        }
    }
    Metrics metrics;
    for (const std::size_t row : kept_rows(rows.size())) {
        for (std::size_t i = 0; i < names.size(); ++i) metrics.columns[std::string(names[i])].push_back(rows[row][i]);
    }
    return metrics;
}

}  // namespace gsfit
