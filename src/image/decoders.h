// One decoder for each file format. All give upright pixels, with an alpha channel when the file has one; all refuse
// what they cannot decode completely and keep third-party messages off stderr.

#pragma once

#include "image/pixels.h"
#include "image/source.h"

namespace gsfit {

Pixels decode_png(const ImageSource& source);
Pixels decode_jpeg(const ImageSource& source);
Pixels decode_tiff(const ImageSource& source);
Pixels decode_webp(const ImageSource& source);

}  // namespace gsfit
