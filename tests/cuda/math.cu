// Instantiates every formula of math.h in device code.

#include "gsfit/core/math.h"

namespace gsfit {

__global__ void formulas(const float* in, float* out) {
    const Conic<float> conic = conic_of(in[0], in[1], in[2], in[3]);
    const Shape<float> shape = shape_gradient(in[0], in[1], in[2], in[3], conic);
    out[0] = conic.a + conic.b + conic.c;
    out[1] = shape.u + shape.v + shape.rotation;
}

}  // namespace gsfit
