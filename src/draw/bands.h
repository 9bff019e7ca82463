// Cairo draws on a picture, in horizontal bands on all threads.

#pragma once

#include <functional>

#include "draw/surface.h"
#include "gsfit/core/picture.h"

namespace gsfit {

/// Calls draw(context, first, end) for each band: the rows from `first` up to `end` show what is drawn, over what the
/// picture holds; the context's units are the picture's pixels. The calls are concurrent.
void draw_in_bands(Picture& picture, const std::function<void(cairo_t* context, double first, double end)>& draw);

}  // namespace gsfit
