#pragma once

// Field -> splats -> image -> loss and the way back, in double precision and as plainly as the definition can be
// written. The kernels are held to it, and it is held to finite differences.

#include <cstdint>
#include <vector>

#include "gsfit/types.h"

namespace gsfit::reference {

/// As gsfit::Field, flattened.
struct Field {
    std::int64_t size = 0;
    std::int64_t channels = 0;
    std::int64_t raster_height = 0;
    std::vector<double> position;   ///< [N,2]
    std::vector<double> inv_scale;  ///< [N,2]
    std::vector<double> rotation;   ///< [N]
    std::vector<double> feature;    ///< [N,C]
};

/// As gsfit::Splats, flattened.
struct Splats {
    std::int64_t size = 0;
    std::int64_t channels = 0;
    std::vector<double> center;    ///< [N,2]
    std::vector<double> conic;     ///< [N,3]
    std::vector<double> det;       ///< [N]
    std::vector<double> feature;   ///< [N,C]
    std::vector<bool> degenerate;  ///< [N] drawn nowhere
};

struct FieldGradient {
    std::vector<double> position, inv_scale, rotation, feature;
};

struct SplatGradient {
    std::vector<double> center, conic, feature;
};

/// Image [C,h,w] or its gradient.
using Image = std::vector<double>;

/// The Gaussians that each sample sees, row by row.
using Support = std::vector<std::vector<std::int64_t>>;

/// Whether Gaussian i is drawn nowhere: a value of it or its determinant is not finite in float32, or the determinant
/// not positive.
bool is_degenerate(const Splats& splats, std::int64_t i);

Splats project(const Field& field, const Lattice& lattice);
FieldGradient project_backward(const Field& field, const Lattice& lattice, const SplatGradient& gradient);

/// What each sample sees inside the ellipses of the cutoff.
Support support(const Splats& splats, const Lattice& lattice, double cutoff);
/// What each sample blends: of what the blending's support lets it see, all or the topk.
Support blended(const Splats& splats, const Lattice& lattice, const Blending& blending);
Image rasterize(const Splats& splats, const Support& support, const Lattice& lattice, const Blending& blending);
/// The support is taken as constant.
SplatGradient rasterize_backward(const Splats& splats, const Support& support, const Lattice& lattice,
                                 const Blending& blending, const Image& gradient);

/// The largest absolute value.
double largest(const std::vector<double>& values);

/// The samples whose topk float32 may choose otherwise: where a weight is below the topk-th largest by less than
/// `margin` of it. Equal weights are no such case.
std::vector<bool> nearly_tied(const Splats& splats, const Lattice& lattice, const Blending& blending, double margin);

/// What a sample may differ by when the Gaussians whose q is within `margin` of cutoff^2 are seen or not, and by
/// however much a mean can where it is nearly tied: float32 cannot decide those.
Image undecided(const Splats& splats, const Lattice& lattice, const Blending& blending, double margin);

double pixel_loss(const Image& image, const PackedView& target, const Lattice& lattice, const PixelLoss& loss);
Image pixel_loss_backward(const Image& image, const PackedView& target, const Lattice& lattice, const PixelLoss& loss);

/// Mean SSIM over channels and samples, by direct sums over the window.
double ssim(const Image& image, const PackedView& target, const Lattice& lattice);

/// What a band adds to the mean of 1 - SSIM over the windows of the lattice's blocks (gsfit/raster.h), and its
/// gradient. The image is the whole lattice's.
double block_dissimilarity(const Image& image, const PackedView& target, const Lattice& lattice, const Rows& band,
                           Image& gradient);

}  // namespace gsfit::reference
