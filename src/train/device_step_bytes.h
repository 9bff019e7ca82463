#pragma once

#include <cstdint>

#include "gsfit/image.h"
#include "train/device_step.h"

namespace gsfit {

/// What a DeviceStep holds of a GPU while it lives, beside field, moments and target.
struct DeviceStepBytes {
    std::int64_t gradients = 0;  ///< splats, gradients of them and of the field, the quantised field
    std::int64_t lists = 0;      ///< splats by tile, and room to sort them
    std::int64_t planes = 0;     ///< staged target, image and its gradient, gradient planes

    [[nodiscard]] std::int64_t all() const { return gradients + lists + planes; }
};

/// Of a DeviceStep for so many Gaussians.
DeviceStepBytes device_step_bytes(std::int64_t size, const ImageInfo& target, const StepPlan& plan);

/// What drawing so many rows in float32 holds at most there, where no gradients are asked for.
std::int64_t device_drawing_bytes(std::int64_t size, int channels, std::int64_t width, std::int64_t rows,
                                  std::int64_t pairs);

}  // namespace gsfit
