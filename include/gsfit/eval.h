#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gsfit/image.h"
#include "gsfit/types.h"

namespace gsfit {

/// Of one map of a texture stack.
struct MapQuality {
    std::string name;  ///< of the map
    double psnr = 0;
    double ssim = 0;
};

/// Quality of a field against an image, both in [0,1], the render clamped; see docs/metrics.md.
struct Quality {
    double psnr = 0;                 ///< [dB] 10 log10(1 / mean squared error); infinity for a perfect match
    double ssim = 0;                 ///< mean, as of ssim_sum()
    std::vector<MapQuality> maps{};  ///< of a texture stack, in the order of its maps; else empty
};

/// Renders at the target's size and compares, in bands: memory grows with the width, not the image. Where the target
/// has a gamma, what is compared is v^(1/gamma) of both.
/// Throws Error when the field and the target differ in channels.
Quality evaluate(const Field& field, const Blending& blending, const PackedImage& target);

/// The same of an image as it is, in [0,1] and without the target's gamma. Throws Error as check_comparable of
/// eval/sources.h does.
Quality evaluate(const ImageBands& image, const PackedImage& target);

/// PSNR alone: several times faster.
double evaluate_psnr(const Field& field, const Blending& blending, const PackedImage& target);

/// Rows that are rendered and compared at a time.
inline constexpr std::int64_t evaluation_rows = 256;

/// PSNR [dB] of image [C,H,W] as it is, against a target of its size; infinity when they are the same.
double psnr(const at::Tensor& image, const PackedView& target);

}  // namespace gsfit
