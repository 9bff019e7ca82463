#pragma once

#include <filesystem>
#include <span>

#include "gsfit/core/picture.h"
#include "gsfit/draw/chart.h"

namespace gsfit {

/// What a report shows of a field, each of one size; an empty one is left out.
struct ReportPictures {
    Picture target;
    Picture render;
    Picture error;     ///< error_map() of these two
    Picture ellipses;  ///< ellipses_picture() of the field
};

/// Writes report.html into a run folder, finished, stopped or killed: one file that needs no other and no network
/// (docs/report.md), made of run.json, metrics.csv, config.yaml and video.mp4 as they are found. What is missing or
/// damaged has a word in its place. Atomic. Throws OutputError.
void write_report(const std::filesystem::path& run_folder, const ReportPictures& pictures);

/// Draws the curves of metrics.csv against steps into plots/ of a run folder, one file a curve and format, named as the
/// column. A column without a value has none. Throws InputError when metrics.csv is missing or no table, OutputError.
void write_plots(const std::filesystem::path& run_folder, std::span<const ChartFormat> formats);

}  // namespace gsfit
