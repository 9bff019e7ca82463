// EXIF orientation: which turn and flip make the stored pixels upright.

#pragma once

#include <cstddef>
#include <filesystem>
#include <span>

#include "image/pixels.h"

namespace gsfit {

/// The orientation (1 to 8) in a block of EXIF data: "Exif\0\0" or nothing, a TIFF header and its first directory.
/// 1, upright, when the block holds none.
int exif_orientation(std::span<const std::byte> exif);

/// Turns and flips the pixels as `orientation` (1 to 8) asks. Turning by a quarter needs a second copy meanwhile, which
/// like the first lies in memory or in a file in `folder`.
void apply_orientation(Pixels& pixels, int orientation, const std::filesystem::path& folder);

/// Whether the orientation turns by a quarter.
constexpr bool swaps_sides(int orientation) { return orientation >= 5; }

}  // namespace gsfit
