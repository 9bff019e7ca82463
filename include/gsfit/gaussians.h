#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "gsfit/core/maps.h"
#include "gsfit/core/random.h"
#include "gsfit/types.h"

namespace gsfit {

/// What a field's tensors hold.
std::int64_t field_bytes(std::int64_t size, int channels);

/// Called now and then, when pixels that were read are done with: a mapped image can let them go.
using Forget = std::function<void()>;

/// A pixel of the target at which a Gaussian is placed.
struct Site {
    std::int64_t x, y;  ///< [pixels]
    float sigma;        ///< [pixels]
};

/// One Gaussian a site: centred on the pixel, coloured like it, and drawn out along the edge it lies on. The edge is
/// read from the structure tensor over 5 x 5 taps 0.1 `pitch` apart; with coherence c, sigma is exp(-0.6 c^2) times the
/// site's across the edge and exp(0.6 c^2) times along it. `forget` is as in InitialOptions.
Field gaussians_at(const PackedView& image, const std::vector<Site>& sites, double pitch, const Forget& forget = {});

struct InitialOptions {
    std::int64_t count = 0;     ///< 1 to the number of pixels
    float random_ratio = 0.3F;  ///< of the count, uniform over the image; the rest by squared Sobel gradient
    std::int64_t stride = 1;    ///< side of the boxes in which the image is averaged before its gradient is taken
    double pitch = 1;           ///< sqrt(pixels / Gaussians) of the finished field [pixels]
    Forget forget{};            ///< may be empty
};

/// The field that training starts from, in Morton order; sigma is half the local spacing. Nothing image-sized is kept.
Field initial_field(const PackedView& image, const InitialOptions& options, Random& random);

/// What initial_field() holds at most, the field included; `width` is the image's in boxes of the options' stride.
std::int64_t initial_field_bytes(std::int64_t width, int channels, std::int64_t count);

/// Indices [N] (int64) that sort Gaussians along a Morton curve, so that neighbours in the image are neighbours in
/// memory.
at::Tensor morton_order(const at::Tensor& position);

/// What morton_order() holds at most on a GPU, its result included; the sort's part is estimated.
std::int64_t device_order_bytes(std::int64_t size);

/// The Gaussians with the given indices.
Field select(const Field& field, const at::Tensor& indices);

/// Both fields' Gaussians; the raster is the first one's.
Field concatenate(const Field& a, const Field& b);

/// The field on a device; tensors that are there already are not copied.
Field on_device(const Field& field, const at::Device& device);

/// The field with the map's channels only.
Field part_of(const Field& field, const ImageMap& map);

/// The field with the colours of its first map only, RGB or one grey channel; without maps, all channels are one.
Field first_colors(const Field& field, const ImageMaps& maps);

}  // namespace gsfit
