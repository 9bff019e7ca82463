#pragma once

// A Gaussian as the encoder sees it, before anything is rounded.

#include <vector>

#include "gsfit/codec.h"

namespace gsfit::codec {

struct Item {
    double x, y;                 ///< [pixels of the training raster]
    double major, minor;         ///< sigma [pixels]
    double angle;                ///< of the major axis [radians], 0 to pi
    double half_width;           ///< of its support's bounding box [pixels]
    double half_height;          ///< likewise
    std::size_t index;           ///< in the field
    std::vector<double> values;  ///< its colour, in the axes of colours
};

/// The field's i-th, whatever it is.
Item item_of(const Gaussians& gaussians, const Description& description, std::size_t i);

/// Those that are finite and that pixels see.
std::vector<Item> items_of(const Gaussians& gaussians, const Description& description);

}  // namespace gsfit::codec
