#pragma once

#include <cstdint>

namespace gsfit {

/// Arrays of N Gaussians with C channels; shapes as in Field, Moments and Gradients.
struct AdamArrays {
    float* position;
    float* inv_scale;
    float* rotation;
    float* feature;
    const float* grad_position;
    const float* grad_inv_scale;
    const float* grad_rotation;
    const float* grad_feature;
    float* first;
    float* second;
    float* products;
    std::int32_t* age;
    int channels;
};

/// Step sizes in whitened coordinates (StepSizes of gsfit/optim.h).
struct WhitenedStep {
    float position, scale, rotation, feature;
    float beta1, beta2;
    float shrinkage;                     ///< of correlations: at least 1 / age, too
    float width, height;                 ///< of the training raster [pixels]
    float inv_scale_min, inv_scale_max;  ///< [1 / pixels]
};

/// LearningRates of gsfit/optim.h.
struct PlainStep {
    float position, scale, rotation, feature;
    bool of_sigma;
};

// They step Gaussians [begin, end).
void whitened_adam_step(const AdamArrays& arrays, const WhitenedStep& step, std::int64_t begin, std::int64_t end);
void plain_adam_step(const AdamArrays& arrays, const PlainStep& step, std::int64_t begin, std::int64_t end);

}  // namespace gsfit
