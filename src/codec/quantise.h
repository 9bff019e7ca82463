#pragma once

// From items to symbols of a part's Gaussians, with the steps that the decoder will know.

#include "codec/code.h"
#include "codec/item.h"

namespace gsfit::codec {

void quantise_color(const Item& item, const Steps& steps, Part& part, int gaussian);
/// Area, aspect and angle; all colours of the part have to be there.
void quantise_form(const Item& item, const ShapeScale& scale, Part& part, int gaussian);
/// Of (x, y) [pixels of the training raster], when the form is there.
void quantise_place(double x, double y, const ShapeScale& scale, Part& part, int gaussian);

}  // namespace gsfit::codec
