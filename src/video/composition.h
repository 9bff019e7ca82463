// The pictures of a video: target and render, and words below them.

#pragma once

#include <cstdint>
#include <string>

#include "gsfit/core/picture.h"
#include "gsfit/video.h"
#include "video/plan.h"

namespace gsfit {

class Composition {
public:
    /// `target` is scaled to the size of a pane; the layout `render` does not look at it.
    Composition(const VideoPlan& plan, VideoLayout layout, Picture target);

    /// `render` is scaled to the size of a pane too. progress: of the video, 0 at its first frame, 1 at its last.
    [[nodiscard]] Picture compose(Picture render, const Frame& frame, double progress) const;

private:
    void draw_words(Picture& picture, double centre, double y, const std::string& words, std::uint8_t grey) const;
    void draw_line(Picture& picture, std::int64_t column) const;

    VideoPlan plan_;
    VideoLayout layout_;
    Picture background_;  ///< what all frames share
};

}  // namespace gsfit
