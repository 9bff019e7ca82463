#pragma once

#include "gsfit/image.h"
#include "gsfit/report.h"
#include "gsfit/types.h"

namespace gsfit::cli {

/// The image as a report shows it, at most 1600 pixels a side.
Picture report_target(const PackedImage& image);

/// What a report shows of a field; without a target (an empty picture) neither it nor the error map.
ReportPictures report_pictures(const Field& field, const ImageMaps& maps, const Blending& blending, Picture target);

}  // namespace gsfit::cli
