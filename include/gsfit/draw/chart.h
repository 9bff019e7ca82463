#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace gsfit {

/// One curve with its axes.
struct Chart {
    std::string title;
    std::string x_label;       ///< with its unit
    std::string y_label;       ///< with its unit
    std::vector<double> x;     ///< increasing, from 0 on
    std::vector<double> y;     ///< as many; a value that is not finite is a gap
    bool logarithmic = false;  ///< the y axis: what is not above 0 is a gap
};

enum class ChartFormat { png, svg };

/// Draws the chart black on white: a PNG of 1600 x 1000 pixels or an SVG of 640 x 400 points, whose text is outlines of
/// the program's own font. The file appears whole or not at all. Throws OutputError.
void write_chart(const std::filesystem::path& path, const Chart& chart, ChartFormat format);

}  // namespace gsfit
