#pragma once

#include <cstdint>
#include <vector>

#include "gsfit/image.h"
#include "gsfit/train/refinement.h"
#include "gsfit/types.h"

namespace gsfit {

/// Squares of `patch_size` that overlap and cover the raster, row by row; the last of a row or column ends with the
/// raster, and a raster that is smaller is one patch.
std::vector<PatchScore> patches_of(std::int64_t width, std::int64_t height, const Refinement& refinement);

/// Scores them as the field is drawn, clamped to [0,1]; SSIM sees each patch as an image of its own. What is drawn at a
/// time is one patch.
void score(std::vector<PatchScore>& patches, const Field& drawn, const Blending& blending, const PackedImage& target,
           const Refinement& refinement);

/// Sets what each bad patch is to be given: `count` Gaussians in proportion to their scores, but no more than
/// most_per_patch, or one on every second pixel. The sum.
std::int64_t share_out(std::vector<PatchScore>& patches, std::int64_t count, const Refinement& refinement);

Lattice lattice_of(const PatchScore& patch, std::int64_t raster_width, std::int64_t raster_height);

}  // namespace gsfit
