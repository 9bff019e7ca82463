#pragma once

#include "gsfit/image.h"
#include "gsfit/types.h"

// What the metrics of this room compare: images that are asked for a few rows at a time, as floats in [0,1]. Beside the
// rows asked for only what is told here is held. The metrics may ask for rows again, and in any order.

namespace gsfit {

/// The rows that a metric compares at a time.
inline constexpr std::int64_t metric_rows = 128;

/// Of an image [C,h,w], float32 on the CPU: held, not copied.
ImageBands rows_of(const at::Tensor& image);

/// Of a packed image: held; of one in a file, rows that were read leave the resident set.
ImageBands rows_of(const PackedImage& image);

/// A field's render of width x height, drawn when asked for and clamped to [0,1]: its splats are held.
ImageBands render_rows_of(const Field& field, const Blending& blending, std::int64_t width, std::int64_t height);

/// What of an image of any channels counts as its colours: the first three, or the first as grey where there are fewer.
ImageBands colors_of(const ImageBands& image);

/// Throws Error, naming `metric`, when the two differ in size or channels or are empty.
void check_comparable(const char* metric, const ImageBands& image, const ImageBands& target);

}  // namespace gsfit
