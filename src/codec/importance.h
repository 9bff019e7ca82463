#pragma once

// By how much the image changes with each parameter: the diagonal of Gauss and Newton's matrix.

#include <vector>

#include "codec/item.h"

namespace gsfit::codec {

/// Squared changes of the image, summed over pixels and channels, for a change of 1.
struct Importance {
    double position = 0;  ///< [sigma], the mean of both axes
    double area = 0;      ///< [octaves of the geometric mean of the sigmas]
    double aspect = 0;    ///< [octaves of major / minor]
    double angle = 0;     ///< [radians] times (major / minor - minor / major)
    double color = 0;     ///< of a channel
};

/// Of every item, in bands of the image. `topk_norm` is taken for `norm`.
std::vector<Importance> importance_of(const std::vector<Item>& items, const Description& description);

}  // namespace gsfit::codec
