// What a map's channels, as a field has them, are in its file.

#pragma once

#include <ATen/core/Tensor.h>

#include "gsfit/core/maps.h"

namespace gsfit {

/// [C,h,w] with the map's channels -> the same in the file's values, clamped to [0,1] unless the map is of floating
/// point. Colours are divided by alpha, and 0 where that is 0, unless the file wants them multiplied by it.
at::Tensor file_values(const at::Tensor& image, const ImageMap& map, bool multiplied);

/// Straight values whose last channel is alpha -> the same with the others multiplied by it.
at::Tensor multiplied_by_alpha(const at::Tensor& values);

}  // namespace gsfit
