// Pixels of floating point on their way to 16 bit.

#pragma once

#include "image/pixels.h"
#include "image/source.h"

namespace gsfit {

/// What 0 and 1 of packed values stand for.
struct FloatRange {
    float low = 0;
    float high = 1;
};

/// Refuses NaN, saying where; infinities become the least or the most of the finite values.
void make_finite(const ImageSource& source, const Pixels& pixels);

/// Of finite pixels; `high` is above `low` even where all values are the same.
FloatRange range_of(const Pixels& pixels);

}  // namespace gsfit
