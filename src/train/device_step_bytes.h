#pragma once

#include <cstdint>

#include "gsfit/types.h"

namespace gsfit {

/// A step on a GPU, as far as its memory depends on it.
struct DeviceStep {
    std::int64_t size = 0;  ///< Gaussians
    int channels = 0;
    const Lattice& lattice;    ///< that it trains on
    std::int64_t rows = 0;     ///< of the lattice, drawn for a band
    std::int64_t pairs = 0;    ///< of Gaussian and tile, in those rows
    bool draws_image = false;  ///< the loss looks across tiles (SSIM)
    bool half = false;         ///< the image and its gradient in float16
    bool normalised = true;    ///< the blend has a normaliser
};

/// What differentiate() holds at most on a GPU, beside field, moments and target.
struct DeviceStepBytes {
    std::int64_t gradients = 0;  ///< splats and the gradients that are summed over bands
    std::int64_t lists = 0;      ///< splats by tile
    std::int64_t band = 0;       ///< making the lists, or drawing and differentiating: whichever needs more
};
DeviceStepBytes device_step_bytes(const DeviceStep& step);

/// What drawing so many rows in float32 holds at most there, where no gradients are asked for.
std::int64_t device_drawing_bytes(std::int64_t size, int channels, std::int64_t width, std::int64_t rows,
                                  std::int64_t pairs);

}  // namespace gsfit
