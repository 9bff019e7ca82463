#pragma once

#include <cstdint>
#include <variant>

#include "gsfit/types.h"

namespace gsfit {

namespace gpu {
struct ScaledGradients;
}  // namespace gpu

/// Adam's memory of every Gaussian. Columns: centre along the Gaussian's own axes (2), log scale (2), rotation (1),
/// feature (C).
struct Moments {
    at::Tensor first;     ///< [N,5+C] float32
    at::Tensor second;    ///< [N,5+C] float32
    at::Tensor products;  ///< [N,pairs] float32: of the five geometric gradients (0,1), (0,2), .. (3,4)
    at::Tensor age;       ///< [N] int32, steps taken; bias correction is by each Gaussian's own age

    static constexpr int pairs = 10;

    static Moments zeros(std::int64_t size, int channels, const at::Device& device = at::kCPU);
};

/// What the moments of so many Gaussians hold.
std::int64_t moments_bytes(std::int64_t size, int channels);

/// How much of Adam's two moments a step keeps; each in [0, 1).
struct Betas {
    float first = 0.85F;
    float second = 0.9F;
};

/// Step lengths of the four kinds of parameters.
struct StepSizes {
    float position = 0;  ///< [sigma] along the Gaussian's own axes
    float scale = 0;     ///< [ln sigma]
    float rotation = 0;  ///< [radians / max(0.3, |u/v - v/u|)], u and v the inverse scales
    float feature = 0;
    Betas betas{};
    float shrinkage = 1;  ///< of the correlations of a Gaussian's geometric gradients: 0.2 to 1, where none counts
};

/// Bounds that a step keeps.
struct ScaleBounds {
    float sigma_min = 0.3F;  ///< [pixels]
    float sigma_max = 1e9F;  ///< [pixels]
};

struct Gradients {
    at::Tensor position, inv_scale, rotation, feature;  ///< shapes of the field's tensors
};

/// One step of Adam (Kingma and Ba 2015) in whitened coordinates, in place. The directions d of a Gaussian's five
/// geometric parameters become R^-1/2 d (docs/recipe.md), R their gradients' running correlations times 1 - shrinkage,
/// and 1 on the diagonal; of few steps, times 1 - 1 / age. Non-finite gradients count as 0; positions stay within
/// [-0.05, 1.05]. `scaled`: on a GPU, what the GPU itself decided on the gradients. Throws Error when shapes do not
/// fit.
void whitened_adam(Field& field, Moments& moments, const Gradients& gradients, const StepSizes& steps,
                   const ScaleBounds& bounds, const gpu::ScaledGradients* scaled = nullptr);

/// Learning rates of the four kinds of parameters, in the parameters' own units.
struct LearningRates {
    float position = 5e-4F;
    float scale = 2e-3F;
    float rotation = 2e-3F;
    float feature = 5e-3F;
    bool of_sigma = false;  ///< `scale` is a rate of sigma, not of 1 / sigma: that is what is optimised
};

/// One step of Adam (Kingma and Ba 2015; beta 0.9 / 0.999, eps 1e-8) on the parameters as they are, in place: what
/// Image-GS takes. Sigma stays between 1e-3 and 1e6 pixels, where no rate of use ever brings it. Non-finite gradients
/// count as 0; `scaled` as for whitened_adam().
void plain_adam(Field& field, Moments& moments, const Gradients& gradients, const LearningRates& rates,
                const gpu::ScaledGradients* scaled = nullptr);

/// A step of one or the other.
struct WhitenedRates {
    StepSizes steps;
    ScaleBounds bounds;
};
using AdamStep = std::variant<WhitenedRates, LearningRates>;
void adam(Field& field, Moments& moments, const Gradients& gradients, const AdamStep& step,
          const gpu::ScaledGradients* scaled = nullptr);

/// How far the loss is scaled up while gradients pass through float16, and since when that went well.
struct LossScale {
    float scale = 65536;          ///< 2^-126 and more, finite
    std::int64_t good_steps = 0;  ///< since the scale last changed
};

/// Loss scaling (Micikevicius et al. 2018) as torch.amp.GradScaler does it: after 2000 good steps in a row the scale
/// doubles, while it stays finite; after a step whose gradients are not all finite it halves. It stops at 2^-126, the
/// least that can be divided by. One step: scale() each part of the loss, unscale() the sum of their gradients, take
/// the step if they are finite, update().
class GradScaler {
public:
    /// Changes `state`, which outlives it. Throws Error when it is out of range.
    explicit GradScaler(LossScale& state);

    [[nodiscard]] at::Tensor scale(const at::Tensor& loss) const;

    /// Divides the gradients (float32, any shape) by the scale, in place; exactly where the scale is a power of two.
    /// False when one of them is not finite: the step is to be skipped.
    [[nodiscard]] bool unscale(Gradients& gradients);

    /// Ends the step. Throws Error without an unscale() since the last one.
    void update();

private:
    LossScale& state_;
    at::Tensor found_inf_;  // [1] float32, 0 while all is finite; undefined between steps
};

}  // namespace gsfit
