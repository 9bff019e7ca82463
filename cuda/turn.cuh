#pragma once

#include <cmath>

#include "cuda/simt.h"

namespace gsfit::gpu {

/// Cosine and sine of an angle.
struct Turn {
    float cosine, sine;
};

/// Of `angle` [radians], good to some ulp. cosf() and sinf() would need local memory to reduce large angles; half turns
/// are reduced exactly, and what their number lacks of 24 bits is made good to first order.
__device__ inline Turn turn_by(float angle) {
    constexpr float inverse_pi = 0.31830987F;
    constexpr float inverse_pi_rest = 1.2841276e-8F;
    const float half_turns = angle * inverse_pi;
    const float rest = fmaf(angle, inverse_pi, -half_turns) + angle * inverse_pi_rest;
    float sine;
    float cosine;
    sincospif(half_turns, &sine, &cosine);
    const float small = 3.14159265F * rest;
    return {fmaf(-small, sine, cosine), fmaf(small, cosine, sine)};
}

}  // namespace gsfit::gpu
