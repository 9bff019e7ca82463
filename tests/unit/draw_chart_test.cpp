#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <regex>

#include "draw/axis.h"
#include "gsfit/core/error.h"
#include "gsfit/core/file.h"
#include "gsfit/draw/chart.h"
#include "unit/sentences.h"
#include "unit/temporary_directory.h"

namespace gsfit {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

using Labels = std::vector<std::string>;

TEST(Axis, HasRoundTicksThatEnclose) {
    EXPECT_EQ(linear_axis(0, 200).labels, (Labels{"0", "50", "100", "150", "200"}));
    EXPECT_EQ(linear_axis(29.1, 41.2).labels, (Labels{"25", "30", "35", "40", "45"}));
    EXPECT_EQ(linear_axis(0, 1e6).labels, (Labels{"0", "200,000", "400,000", "600,000", "800,000", "1,000,000"}));
    EXPECT_EQ(linear_axis(0.912, 0.931).labels, (Labels{"0.910", "0.915", "0.920", "0.925", "0.930", "0.935"}));
    EXPECT_EQ(linear_axis(-1500, 400).labels, (Labels{"-1,500", "-1,000", "-500", "0", "500"}));
}

TEST(Axis, OfOneValueHasRoomAroundIt) {
    for (const double value : {0.0, 31.0, -2.0, 1e30, 1e-30}) {
        const Axis axis = linear_axis(value, value);
        EXPECT_LE(axis.low, value);
        EXPECT_GT(axis.high, value);
        EXPECT_GE(axis.ticks.size(), 2U);
    }
    EXPECT_EQ(linear_axis(0, 0).low, 0);
}

TEST(Axis, OfLogarithms) {
    EXPECT_EQ(logarithmic_axis(0.0013, 0.008).labels,
              (Labels{"10\u207b\u00b3", "2\u00b710\u207b\u00b3", "5\u00b710\u207b\u00b3", "0.01"}));
    EXPECT_EQ(logarithmic_axis(0.02, 900).labels, (Labels{"0.1", "1", "10", "100", "1,000"}));
    const Axis axis = logarithmic_axis(1e-30, 1e30);
    EXPECT_LE(axis.ticks.size(), 7U);
    EXPECT_DOUBLE_EQ(axis.place(1), 0.5);
    for (const double value : {1.0, 2.0, 3.0, 1e-30}) {
        EXPECT_LE(logarithmic_axis(value, value).low, value * 1.000001);
        EXPECT_GE(logarithmic_axis(value, value).high, value * 0.999999);
        EXPECT_LT(logarithmic_axis(value, value).low, logarithmic_axis(value, value).high);
    }
}

Chart example() {
    return {.title = "PSNR", .x_label = "Steps", .y_label = "PSNR [dB]", .x = {0, 10, 20, 30}, .y = {20, 25, nan, 28}};
}

std::string text_of(const std::filesystem::path& path) {
    const auto bytes = read_file(path, 1 << 24);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

TEST(Chart, IsAnSvgWhoseTextIsOutlines) {
    const TemporaryDirectory folder;
    write_chart(folder / "psnr.svg", example(), ChartFormat::svg);
    const std::string svg = text_of(folder / "psnr.svg");
    expect_contains(svg, "viewBox=\"0 0 640 400\"");
    EXPECT_EQ(svg.find("<text"), std::string::npos);
    EXPECT_EQ(svg.find("font"), std::string::npos);
    EXPECT_EQ(svg.find("<use"), std::string::npos);  // glyphs share names between the drawings of a page
    EXPECT_TRUE(svg.ends_with("</svg>\n"));
}

/// The curve's path: the only one in its colour.
std::string curve_in(const std::string& svg) {
    std::smatch match;
    const std::regex pattern("<path[^>]*stroke:rgb\\(10%,35%,62%\\)[^>]* d=\"([^\"]*)\"");
    return std::regex_search(svg, match, pattern) ? match[1].str() : "";
}

TEST(Chart, LeavesOutWhatIsNotFinite) {
    const TemporaryDirectory folder;
    Chart chart = example();
    chart.y = {20, 25, std::numeric_limits<double>::infinity(), 28};
    write_chart(folder / "gap.svg", chart, ChartFormat::svg);
    const std::string curve = curve_in(text_of(folder / "gap.svg"));
    EXPECT_EQ(std::count(curve.begin(), curve.end(), 'L'), 1) << curve;  // a line of two points
    EXPECT_GE(std::count(curve.begin(), curve.end(), 'C'), 2) << curve;  // a dot for the one that stands alone
    EXPECT_EQ(curve.find("nan"), std::string::npos);
    chart.y = {nan, nan, nan, nan};
    write_chart(folder / "empty.svg", chart, ChartFormat::svg);
    chart = {.title = "", .x_label = "", .y_label = "", .x = {}, .y = {}};
    write_chart(folder / "none.svg", chart, ChartFormat::svg);
}

TEST(Chart, OfALogarithmLeavesOutWhatIsNotPositive) {
    const TemporaryDirectory folder;
    Chart chart = example();
    chart.y = {0.1, 0.005, 0.001, 0};
    chart.logarithmic = true;
    write_chart(folder / "loss.svg", chart, ChartFormat::svg);
    const std::string curve = curve_in(text_of(folder / "loss.svg"));
    EXPECT_EQ(std::count(curve.begin(), curve.end(), 'L'), 2) << curve;
}

TEST(Chart, ThatCannotBeWrittenLeavesNothing) {
    const TemporaryDirectory folder;
    const auto write = [&] { write_chart(folder / "missing" / "psnr.png", example(), ChartFormat::png); };
    expect_contains(sentence_of<OutputError>(write), "psnr.png");
    EXPECT_TRUE(folder.names().empty());
}

}  // namespace
}  // namespace gsfit
