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
    std::vector<double> values;  ///< its colour, in the axes of colours
};

/// Those that are finite and that pixels see.
std::vector<Item> items_of(const Gaussians& gaussians, const Description& description);

}  // namespace gsfit::codec
