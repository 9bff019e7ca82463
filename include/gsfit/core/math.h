// The formulas of a Gaussian's geometry, once, for every backend: T is float or double on the host, float on a CUDA
// device, or a SIMD vector. A SIMD kernel file includes this after hwy/highway.h and gets the formulas compiled for
// each of its targets.

#if defined(GSFIT_CORE_MATH_H) == defined(HWY_TARGET_TOGGLE)
#ifdef GSFIT_CORE_MATH_H
#undef GSFIT_CORE_MATH_H
#else
#define GSFIT_CORE_MATH_H
#endif

#undef GSFIT_FORMULA
#if defined(HWY_NAMESPACE)
#define GSFIT_FORMULA HWY_ATTR inline
HWY_BEFORE_NAMESPACE();
namespace gsfit::HWY_NAMESPACE {
#elif defined(__CUDACC__)
#define GSFIT_FORMULA __host__ __device__ inline
namespace gsfit {
#else
#define GSFIT_FORMULA inline
namespace gsfit {
#endif

/// q = a dx^2 + 2 b dx dy + c dy^2; also the gradient with respect to (a, b, c).
template <class T>
struct Conic {
    T a, b, c;
};

/// The parameters behind a conic, or the gradient with respect to them: inverse scales u and v, rotation.
template <class T>
struct Shape {
    T u, v, rotation;
};

/// u^2 - v^2, exactly 0 where u = v: a fused u u - (v v) leaves rounding noise, and Adam makes full steps of noise.
template <class T>
GSFIT_FORMULA T difference_of_squares(T u, T v) {
    return (u - v) * (u + v);
}

/// Inverse of S = R diag(1/u^2, 1/v^2) R^T, R the rotation with the given cosine and sine.
template <class T>
GSFIT_FORMULA Conic<T> conic_of(T u, T v, T cosine, T sine) {
    const T uu = u * u;
    const T vv = v * v;
    const T cc = cosine * cosine;
    const T ss = sine * sine;
    return {uu * cc + vv * ss, difference_of_squares(u, v) * sine * cosine, uu * ss + vv * cc};
}

/// Chain rule of conic_of: from the gradient with respect to the conic to that of its parameters.
template <class T>
GSFIT_FORMULA Shape<T> shape_gradient(T u, T v, T cosine, T sine, const Conic<T>& gradient) {
    const T cc = cosine * cosine;
    const T ss = sine * sine;
    const T sc = sine * cosine;
    const T du = u * (gradient.a * cc + gradient.b * sc + gradient.c * ss);
    const T dv = v * (gradient.a * ss - gradient.b * sc + gradient.c * cc);
    const T turned = sc * (gradient.c - gradient.a);
    return {du + du, dv + dv, difference_of_squares(u, v) * (turned + turned + gradient.b * (cc - ss))};
}

#if defined(HWY_NAMESPACE)
}  // namespace gsfit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#else
}  // namespace gsfit
#endif

#endif
