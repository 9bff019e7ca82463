#pragma once

#include <vector>

#include "gsfit/config.h"
#include "gsfit/draw/chart.h"
#include "gsfit/record/frame_recorder.h"
#include "gsfit/record/pictures.h"
#include "gsfit/train.h"
#include "gsfit/video.h"

namespace gsfit::cli {

/// The part of a configuration that training reads.
TrainOptions train_options(const Config& config, const ImageInfo& image);

/// The part that the recorder of frames reads.
RecorderOptions recorder_options(const Config& config);

/// The part that the recorder of pictures reads.
PictureOptions picture_options(const Config& config);

/// Whether a run makes any of those.
bool makes_pictures(const Config& config);

/// What the key plots asks for.
std::vector<ChartFormat> plot_formats(const Config& config);

/// The part that makes a video of the frames of a run.
VideoOptions video_options(const Config& config);

}  // namespace gsfit::cli
