#pragma once

#include "bench/row.h"

namespace gsfit::bench {

/// Measures a row in this process: `repeat` training steps, or as many as take two seconds when it is 0. To be called
/// once, before any kernel has run: the SIMD target is chosen by the first.
Measurement measure(const Row& row, int repeat);

}  // namespace gsfit::bench
