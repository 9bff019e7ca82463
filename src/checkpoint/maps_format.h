#pragma once

// A field's maps as the text that a checkpoint's metadata hold: a JSON list with an object for each map. Profiles are
// tensors, not text.

#include <optional>
#include <string>

#include "gsfit/image.h"

namespace gsfit {

std::string text_of_maps(const ImageMaps& maps);

/// None when the text does not name a map for each channel, in order, with names that are safe in file names, no two
/// alike, and values in range.
std::optional<ImageMaps> maps_from_text(const std::string& text, int channels);

}  // namespace gsfit
