#pragma once

#include <cstdint>

#include "cuda/bin/bin.h"
#include "cuda/stream.h"
#include "raster/raster_kernels.h"

namespace gsfit::gpu {

/// What the kernels draw. Everything on the device.
struct DrawJob {
    TileGrid grid;
    TileLists lists;
    const float* feature = nullptr;  ///< [N,channels]
    int channels = 0;                ///< 1 to max_channels
    bool normalise = true;           ///< blends `norm` and `topk_norm`; else `sum`
    float eps = 0;                   ///< of the normaliser
    float smallest_weight = 0;       ///< that is seen: Blending::smallest_weight()
    /// [h,w] for `topk_norm`, of find_thresholds(): the smallest weight that counts at each sample.
    const float* threshold = nullptr;
};

/// Splats in these lists, drawn so; threshold: of find_thresholds() where the blend selects.
inline DrawJob draw_job(const TileGrid& grid, const TileLists& lists, const SplatArrays& splats,
                        const Blending& blending, const float* threshold = nullptr) {
    return {grid,
            lists,
            splats.feature,
            splats.channels,
            blending.normalised(),
            blending.eps,
            blending.smallest_weight(),
            threshold};
}

/// Splats -> the topk-th largest weight that each sample sees, or smallest_weight where it sees fewer. topk: 1 to 32.
void find_thresholds(const DrawJob& job, int topk, float* threshold, Stream stream);

/// Channels are drawn in groups of up to four; the loss and the gradient of the geometry are sums over the groups.
inline constexpr int group_channels = 4;
constexpr int groups_of(int channels) { return (channels + group_channels - 1) / group_channels; }

/// What backward reads of each sample, planes of the band's size: of each group of channels u_c = v_c / D for its
/// channels, and with a normaliser D - for `sum` it is 1 - the plane -sum_c u_c out_c.
constexpr int gradient_planes(int channels, bool normalise) { return channels + (normalise ? groups_of(channels) : 0); }

/// Splats -> image [channels,h,w] and, where planes.normaliser is not null, its normaliser [h,w].
void draw_image(const DrawJob& job, const Planes& planes, Stream stream);

/// The gradient with respect to such an image -> gradient planes.
void differentiate_image(const DrawJob& job, const Planes& planes, const Pixels& gradient, float* gradient_planes,
                         Stream stream);

/// Splats -> what the band adds to the pixel loss, and its gradient planes where these are asked for (not null).
/// sums: working memory of draw_loss_sums(); the band's part of the loss is left in sums[0].
void draw_loss(const DrawJob& job, const LossJob& loss, double* sums, float* gradient_planes, Stream stream);
std::int64_t draw_loss_sums(const TileGrid& grid, int channels);

/// An image drawn in float32 -> what the band adds to the loss, that with SSIM of blocks (gsfit/raster.h), and where
/// asked for (not null) the gradient with respect to the image. sums: working memory of block_loss_sums(); the band's
/// part of the loss is left in sums[0].
void block_loss(const DrawJob& job, const float* image, const LossJob& loss, double* sums, float* gradient,
                Stream stream);
std::int64_t block_loss_sums(const TileGrid& grid, int channels);

/// Gradients with respect to the splats (gsfit::Splats).
struct SplatGradients {
    float* center;     ///< [N,2]
    float* conic;      ///< [N,3]
    float* feature;    ///< [N,channels]
    bool add = false;  ///< on top of what they hold, as the bands of an image after its first
};

/// Gradient planes -> gradients of the splats. Each splat gathers its own: no atomics, one order of summation.
/// partial: working memory, gather_partial_floats().
void gather_gradients(const DrawJob& job, const SplatArrays& splats, const float* gradient_planes, float* partial,
                      const SplatGradients& gradients, Stream stream);
std::int64_t gather_partial_floats(std::int64_t splats, int channels);

/// By how much the band's squared error against the target would grow without each splat: costs [N]. Blends `norm`,
/// whose image and normaliser `drawn` has, and `sum`, whose image it has. partial: working memory, removal_floats().
void removal_costs(const DrawJob& job, const Planes& drawn, const LossJob& against, std::int64_t splats, float* partial,
                   float* costs, Stream stream);
std::int64_t removal_floats(std::int64_t splats);

}  // namespace gsfit::gpu
