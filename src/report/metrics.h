// metrics.csv of a run folder, as far as it can be read.

#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace gsfit {

/// Columns by name, all of one length; NaN where a row has no value.
struct Metrics {
    std::map<std::string, std::vector<double>, std::less<>> columns;

    /// An empty column when the table has none of this name.
    [[nodiscard]] const std::vector<double>& column(std::string_view name) const;
};

/// More rows than can be told apart on a page or on paper are thinned evenly, which keeps the first and the last. Ends
/// before the first row that is no row of the table, as a kill or damage may leave. Throws InputError when the file
/// cannot be read or has no columns step and seconds.
Metrics read_metrics(const std::filesystem::path& run_folder);

}  // namespace gsfit
