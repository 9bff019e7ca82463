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

/// Of every item, in bands of the image; where Gaussians are large on average, by every so manyth pixel of every so
/// manyth row, and 0 of those that none of these sees. `topk_norm` is taken for `norm`.
std::vector<Importance> importance_of(std::vector<Item> items, Description description);

inline bool is_seen(const Importance& importance) { return importance.color > 0; }

}  // namespace gsfit::codec
