#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gsfit/core/picture.h"

namespace gsfit {

/// A rectangle of a picture [pixels] and its score.
struct ScoredPatch {
    double x = 0, y = 0, width = 0, height = 0;
    double score = 0;
    bool marked = false;  ///< drawn with a frame
    std::string label{};
};

/// The picture, darkened, under the patches: each in a colour by its score, brightest at 0.6, half transparent, with
/// its label where that fits; above a strip that says what `marked` means.
Picture patches_picture(const Picture& picture, const std::vector<ScoredPatch>& patches, const std::string& marked);

}  // namespace gsfit
