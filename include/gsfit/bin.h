#pragma once

#include <memory>

#include "gsfit/types.h"

namespace gsfit {

struct Bins;  // gsfit/bins.h

/// Sorts splats into the 64x64 blocks of a width x height lattice that their ellipses' rectangles touch.
/// Degenerate splats (non-finite, det not positive, outside) are in no block.
std::shared_ptr<const Bins> bin(const Splats& splats, std::int64_t width, std::int64_t height, float cutoff);

}  // namespace gsfit
