// Where things stand in the pictures of a video.

#pragma once

#include <cstdint>

#include "gsfit/video.h"

namespace gsfit {

/// All in pixels. Panes with target and render stand at the top, words below them.
struct VideoPlan {
    /// Small frames are enlarged by a whole factor, large ones scaled down.
    VideoPlan(std::int64_t frame_width, std::int64_t frame_height, const VideoOptions& options);

    std::int64_t width = 0;   ///< even
    std::int64_t height = 0;  ///< even
    std::int64_t pane_width = 0;
    std::int64_t pane_height = 0;
    std::int64_t target_x = 0;
    std::int64_t render_x = 0;  ///< that of the target where one pane shows both
    double font_size = 0;       ///< 0: there is no room for words
    double label_y = 0;         ///< baselines
    double caption_y = 0;
};

}  // namespace gsfit
