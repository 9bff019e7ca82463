// Pixels as OpenCV sees them.

#pragma once

#include <opencv2/core/mat.hpp>

#include "image/pixels.h"

namespace gsfit {

/// A view; the pixels must outlive it.
inline cv::Mat matrix_of(const Pixels& pixels) {
    const int depth = pixels.bits == 8 ? CV_8U : pixels.bits == 16 ? CV_16U : CV_32F;
    return {static_cast<int>(pixels.height), static_cast<int>(pixels.width), CV_MAKETYPE(depth, pixels.channels),
            pixels.memory->data(), pixels.row_bytes()};
}

}  // namespace gsfit
