#pragma once

#include "gsfit/image.h"
#include "gsfit/report.h"
#include "gsfit/types.h"

namespace gsfit::cli {

/// What a report shows of a field, at most 1600 pixels a side; without a target (that has the field's raster) neither
/// it nor the error map.
ReportPictures report_pictures(const Field& field, const Blending& blending, const PackedImage* target);

}  // namespace gsfit::cli
