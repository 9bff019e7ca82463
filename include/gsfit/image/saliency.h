#pragma once

#include <cstdint>
#include <vector>

#include "gsfit/core/views.h"

namespace gsfit {

/// What draws the eye in an image, by its spectral residual (Hou and Zhang 2007) at 64 samples on the longer side,
/// blurred. Values are not negative; the largest is 1, unless the image has no structure and all are 1.
class SaliencyMap {
public:
    /// blur: sigma [pixels].
    SaliencyMap(const PackedView& image, double blur);

    /// Of the pixels of row y, between samples by bilinear interpolation.
    void row(std::int64_t y, float* values) const;

private:
    std::int64_t width_, height_;  // of the image
    std::int64_t map_width_, map_height_;
    std::vector<float> map_;
};

}  // namespace gsfit
