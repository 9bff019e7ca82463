// The parts of the page that are looked at: pictures, video and curves, as HTML.

#pragma once

#include <string>

#include "gsfit/report.h"
#include "report/run_files.h"

namespace gsfit {

/// Target and render under a line that slides between them, or the render alone.
std::string comparison(const ReportPictures& pictures);

/// Error map and ellipses, as far as there are any.
std::string gallery(const ReportPictures& pictures);

/// The whole section, with video.mp4 in it or beside it; nothing when there is none.
std::string video_section(const RunFiles& run);

/// A place for the curves and what is said without them.
std::string curves_section(const RunFiles& run);

/// The curves as data for the page's script.
std::string curves_data(const RunFiles& run);

}  // namespace gsfit
