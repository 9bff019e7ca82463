// The curves of a run: what is shown of metrics.csv, on the page and as plots.

#pragma once

#include <string>
#include <vector>

#include "report/metrics.h"

namespace gsfit {

struct Curve {
    std::string column;  ///< of metrics.csv
    std::string title;
    std::string unit;  ///< empty where there is none
    bool logarithmic = false;
    std::vector<double> values;  ///< one a row, NaN for none
};

/// Those that have a finite value.
std::vector<Curve> curves_of(const Metrics& metrics);

}  // namespace gsfit
