#pragma once

#include <cstdint>

#include "gsfit/densify.h"

namespace gsfit {

/// Adds `count` Gaussians as Image-GS does: round ones of this sigma [pixels] on pixels drawn without replacement with
/// probability proportional to the squared mean over channels of |blurred target - clamped image|; the colour is that
/// difference, and all moments start anew. The blur is a Gaussian of blur_width() taps. `render` gives rows of the
/// whole raster on the CPU and is asked twice for each; `target` lies there too, the field may lie on a GPU. Does all
/// or, when it throws, leaves field and moments as they were.
void add_by_residual(Field& field, Moments& moments, const RenderRows& render, const PackedView& target,
                     std::int64_t count, float sigma, Random& random);

/// Odd number of taps, 3 and more, or 1 (no blur) below 400 x 400 pixels.
std::int64_t blur_width(std::int64_t width, std::int64_t height);

/// What add_by_residual() holds at most beside field and moments as they were and what `render` needs beside its
/// result, for a raster of this width and `size` Gaussians afterwards.
std::int64_t add_by_residual_bytes(std::int64_t width, int channels, std::int64_t added, std::int64_t size);

}  // namespace gsfit
