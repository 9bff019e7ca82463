// What a map's samples, as a field has them, are in its file; without tensors.

#pragma once

#include <cstdint>

#include "gsfit/core/maps.h"

namespace gsfit {

/// Whether they are the same, but for clamping.
bool are_file_samples(const ImageMap& map);

/// In place: `count` samples of each of the map's channels, which begin `plane` floats apart. Clamped to [0,1] unless
/// the map is of floating point. Colours are divided by alpha, and 0 where that is 0, unless the file wants them
/// multiplied by it.
void to_file_samples(float* samples, std::int64_t plane, std::int64_t count, const ImageMap& map, bool multiplied);

}  // namespace gsfit
