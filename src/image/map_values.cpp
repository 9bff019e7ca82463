#include "image/map_values.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros_like.h>

namespace gsfit {
namespace {

/// An alpha below half of the file's smallest step counts as none.
float smallest_alpha(const ImageMap& map) { return map.bits == 8 ? 0.5F / 255 : 0.5F / 65535; }

void divide_by_alpha(at::Tensor& values, const ImageMap& map) {
    const at::Tensor alpha = values.narrow(0, map.channels - 1, 1);
    at::Tensor colours = values.narrow(0, 0, map.channels - 1);
    colours.copy_(at::where(alpha > smallest_alpha(map), colours / alpha, at::zeros_like(colours)));
}

}  // namespace

at::Tensor file_values(const at::Tensor& image, const ImageMap& map, bool multiplied) {
    const bool floats = map.bits == 32;
    if (!floats && !map.alpha && map.gamma == 1) return image;  // clamped as it is stored
    at::Tensor values = floats && map.gamma == 1 ? image.clone() : image.clamp(0, 1);
    if (map.gamma != 1) values.pow_(1 / map.gamma);
    // Not low + (high - low) v, whose difference can be larger than a float.
    if (floats) values = map.low * (1 - values) + map.high * values;
    if (!map.alpha) return values;
    values.select(0, map.channels - 1).clamp_(0, 1);
    if (!multiplied) divide_by_alpha(values, map);
    return values;
}

at::Tensor multiplied_by_alpha(const at::Tensor& values) {
    at::Tensor result = values.clone();
    const std::int64_t colours = values.size(0) - 1;
    result.narrow(0, 0, colours).mul_(values.narrow(0, colours, 1));
    return result;
}

}  // namespace gsfit
