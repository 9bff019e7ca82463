#pragma once

// SSIM and its derivatives from means under the window. The formulas are those of gsfit/core/ssim-inl.h: with d = x -
// y,
//     SSIM = l * c,  l = 1 - E[d]^2 / A,  c = 1 - V / B,
//     A = E[x]^2 + E[y]^2 + C1,  B = E[x^2 + y^2] - E[x]^2 - E[y]^2 + C2,  V = E[d^2] - E[d]^2.

#include "cuda/simt.h"

namespace gsfit::gpu {

constexpr int taps = 11;  // of the window
constexpr int halo = taps / 2;

/// exp(-k^2 / (2 * 1.5^2)), k = -5..5, divided by its sum.
__device__ constexpr float weight_of(int tap) {
    constexpr float weights[taps] = {0.0010283801F, 0.0075987581F, 0.0360007721F, 0.1093606895F,
                                     0.2130055377F, 0.2660117249F, 0.2130055377F, 0.1093606895F,
                                     0.0360007721F, 0.0075987581F, 0.0010283801F};
    return weights[tap];
}

/// What SSIM is made of: x, d, x^2 + y^2, d^2.
enum Map { map_x, map_d, map_squares, map_d2, map_count };

/// The quantities of the note at the top.
struct Terms {
    float mean_x, mean_d;
    float over_a, over_b;  ///< 1 / A, 1 / B
    float not_l, not_c;    ///< 1 - l, 1 - c
};

__device__ inline Terms terms_of(const float (&means)[map_count]) {
    constexpr float c1 = 0.01F * 0.01F;
    constexpr float c2 = 0.03F * 0.03F;
    const float mean_x = means[map_x];
    const float mean_d = means[map_d];
    const float mean_y = mean_x - mean_d;
    const float squared_means = fmaf(mean_x, mean_x, mean_y * mean_y);
    const float over_a = __fdividef(1.0F, squared_means + c1);
    const float over_b = __fdividef(1.0F, means[map_squares] - squared_means + c2);
    return {mean_x, mean_d, over_a, over_b, mean_d * mean_d * over_a, (means[map_d2] - mean_d * mean_d) * over_b};
}

/// Derivatives of SSIM with respect to E[x] (y and the other means held), E[x^2 + y^2] and E[d^2].
enum Derivative { by_x, by_squares, by_d2, derivative_count };

__device__ inline void differentiate(const Terms& t, float (&derivatives)[derivative_count]) {
    const float l_over_b = (1.0F - t.not_l) * t.over_b;
    // dl = -2 (E[d] - E[x] (1 - l)) / A, dc = 2 (E[d] - E[x] (1 - c)) / B
    const float dl = fmaf(-t.mean_x, t.not_l, t.mean_d) * t.over_a;
    const float dc = fmaf(-t.mean_x, t.not_c, t.mean_d);
    derivatives[by_x] = 2.0F * (l_over_b * dc - (1.0F - t.not_c) * dl);
    derivatives[by_squares] = l_over_b * t.not_c;
    derivatives[by_d2] = -l_over_b;
}

}  // namespace gsfit::gpu
