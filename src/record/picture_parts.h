// What pictures of Gaussians are made of.

#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <vector>

#include "gsfit/core/picture.h"
#include "gsfit/train/refinement.h"

namespace gsfit {

/// In [0,1] of the image's width and height.
struct Position {
    float x = 0;
    float y = 0;
};

/// Of [N,2] on the CPU.
std::vector<Position> positions_of(const at::Tensor& position);

/// Those that are not in `others`.
std::vector<Position> without(const std::vector<Position>& positions, std::vector<Position> others);

/// Dots over the render, which is darkened, and a legend; where dots would cover one another only one in so many.
Picture positions_picture(Picture render, const std::vector<Position>& positions);

/// The same of the Gaussians before an addition and of those that were added, in two colours.
Picture added_picture(Picture render, const std::vector<Position>& before, const std::vector<Position>& added);

/// Patches cut back so that neighbours touch: each takes half of what they share.
std::vector<PatchScore> without_overlap(std::vector<PatchScore> patches);

/// In the format that the name's ending says. Throws OutputError.
void write_picture(const std::filesystem::path& path, const Picture& picture);

}  // namespace gsfit
