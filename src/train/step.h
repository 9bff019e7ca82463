#pragma once

#include <functional>

#include "gsfit/image.h"
#include "gsfit/optim.h"
#include "gsfit/train/plan.h"
#include "gsfit/types.h"
#include "train/step_loss.h"

namespace gsfit {

/// What one step's loss is taken of.
struct StepTask {
    const Lattice& lattice;
    const Blending& blending;
    const PackedImage& target;
    const StepLoss& loss;
    double scale = 1;  ///< that the loss is multiplied by before it is differentiated
};

/// A loss, unscaled, and the gradients of the scaled one.
struct Differential {
    at::Tensor loss;  ///< float64 scalar, where the field is
    Gradients gradients;
};

/// Differentiates the field's loss band by band: a band is drawn, compared, and gone before the next one begins.
/// Nothing but the result is changed, so a call that throws can be repeated.
Differential differentiate(const Field& field, const StepTask& task, const MemorySettings& settings);

/// Bytes that differentiate() makes for splats and gradients, whatever the image: of so many Gaussians.
std::int64_t step_gradient_bytes(std::int64_t size, int channels);

/// Rows of the bands that a lattice of `height` rows is cut into, the last one excepted.
std::int64_t band_height(std::int64_t height, std::int64_t bands);

/// Calls work(band) for the bands of a lattice one after the other. The target's rows of the next one are read ahead,
/// and those of one that is done are let go.
void for_each_band(const PackedImage& target, const Lattice& lattice, std::int64_t bands,
                   const std::function<void(const Rows&)>& work);

/// Whether there are steps on the CPU that draw an image, as SSIM of the image asks for; other losses are worked off
/// block by block.
bool draws_image(const TrainOptions& options);

}  // namespace gsfit
