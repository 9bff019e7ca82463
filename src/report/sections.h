// The parts of the page that are text and tables, as HTML.

#pragma once

#include <string>

#include "report/run_files.h"

namespace gsfit {

/// "photo.jpg", or the name of the folder when the record is missing; not escaped.
std::string name_of(const RunFiles& run);

/// One line: size, Gaussians.
std::string subtitle(const RunFiles& run);

/// How the run ended.
std::string status(const RunFiles& run);

/// The headline figures.
std::string figures(const RunFiles& run);

/// What the run took, beside what it was planned to take and what it was allowed.
std::string memory_bill(const RunFiles& run);

/// Every setting, those that were set before those at their defaults.
std::string settings_table(const RunFiles& run);

/// Machine, versions, times.
std::string facts(const RunFiles& run);

/// A word in the place of a part that is missing.
std::string missing(const std::string& words);

}  // namespace gsfit
