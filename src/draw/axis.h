// An axis of a chart: what it spans, where its ticks are and what they say.

#pragma once

#include <string>
#include <vector>

namespace gsfit {

struct Axis {
    double low = 0;
    double high = 1;
    bool logarithmic = false;
    std::vector<double> ticks;        ///< increasing, within [low, high]
    std::vector<std::string> labels;  ///< one a tick

    /// 0 at the low end, 1 at the high end.
    [[nodiscard]] double place(double value) const;
};

/// From a tick at or below `least` to one at or above `greatest`; ticks are multiples of 1, 2 or 5 times a power of 10.
/// Both are finite, of at most 1e30.
Axis linear_axis(double least, double greatest);

/// The same with ticks at 1, 2 and 5 times powers of 10, or at powers alone; 1e-30 <= least.
Axis logarithmic_axis(double least, double greatest);

}  // namespace gsfit
