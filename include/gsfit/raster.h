#pragma once

#include <cstdint>
#include <memory>

#include "gsfit/bins.h"
#include "gsfit/types.h"

namespace gsfit {

/// Splats -> image [C,h,w] of the rows they were binned for. Differentiable with respect to center, conic and feature;
/// C from 1 to 64. Not clamped. `type` is float32 or float16: what the image is stored in, and so its gradient. All
/// sums are float32. In float16 a value from 65520 on is infinite; where image or gradient is not finite, neither are
/// the gradients of the splats seen there.
at::Tensor rasterize(const Splats& splats, const std::shared_ptr<const Bins>& bins, const Blending& blending,
                     at::ScalarType type = at::kFloat);

/// Splats -> pixel loss against the target's pixels + ssim * (1 - SSIM of the blocks), a float32 scalar: the means over
/// the whole lattice and its channels, or of them the share of the rows they were binned for; the shares of bands add
/// up to the loss. Differentiable like rasterize(); image, loss and gradient of a block live only while that block is
/// worked on, so memory does not grow with the image.
///
/// SSIM of the blocks is that of gsfit/loss.h, but of every second row's and column's window: around samples whose row
/// and column in the lattice are even. Where a window leaves its block of 64 x 64 samples, the lattice or the band, it
/// is cropped and its weights are divided by their sum. So bands of whole rows of blocks add up to the lattice's;
/// others crop more windows.
at::Tensor rasterize_loss(const Splats& splats, const std::shared_ptr<const Bins>& bins, const Blending& blending,
                          const PackedView& target, const Lattice& lattice, const PixelLoss& loss, float ssim = 0);

/// By how much the squared error - (image - target)^2 summed over the channels and the samples that they were binned
/// for - would grow without each splat, [N] float32; below 0 where the image is better without it. What bands say adds
/// up. Blends `norm` and `sum`: throws Error for `topk_norm`.
at::Tensor removal_costs(const Splats& splats, const std::shared_ptr<const Bins>& bins, const Blending& blending,
                         const PackedView& target, const Lattice& lattice);

/// Frees what this thread keeps from one gradient to the next: the slots.
void release_raster_memory();

// Bytes of what is allocated. rasterize() makes an image; where gradients are asked for and the blend is not `sum`,
// image, normaliser and, for `topk_norm`, thresholds are kept for them. Its backward, and rasterize_loss() where
// gradients are asked for, fill the slots and make the gradients of the splats. Beside these rasterize_loss() holds 8
// bytes a block.

/// An image of so many rows, or its gradient.
std::int64_t image_bytes(std::int64_t width, std::int64_t rows, int channels, at::ScalarType type);
/// The normaliser; as many again are the thresholds.
std::int64_t normaliser_bytes(std::int64_t width, std::int64_t rows);
/// Partial gradients of so many (splat, block) pairs. Kept from band to band and step to step: those of the band with
/// the most pairs, with an eighth to grow into.
std::int64_t slot_bytes(std::int64_t pairs, int channels);
/// Gradients with respect to center, conic and feature.
std::int64_t splat_gradient_bytes(std::int64_t splats, int channels);

/// What removal_costs() makes on the CPU, of so many (splat, block) pairs.
std::int64_t removal_bytes(std::int64_t splats, std::int64_t pairs);

// On a GPU there are no slots. Backward, and rasterize_loss() where gradients are asked for, make these instead:

/// Gradient planes of so many rows; `normalised`: the blend has a normaliser.
std::int64_t gradient_plane_bytes(std::int64_t width, std::int64_t rows, int channels, bool normalised);
/// The loss of each tile; of rasterize_loss() only.
std::int64_t tile_sum_bytes(std::int64_t tiles, int channels);
/// Partial sums of the splats' gradients, at most: few splats have several parts each.
std::int64_t gather_bytes(std::int64_t splats, int channels);
/// What removal_costs() makes there beside an image of so many rows.
std::int64_t device_removal_bytes(std::int64_t splats, std::int64_t width, std::int64_t rows);

}  // namespace gsfit
