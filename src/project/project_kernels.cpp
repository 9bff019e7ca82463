#include "project/project_kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "project/project_kernels.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h.
#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>

#include "gsfit/core/math.h"

HWY_BEFORE_NAMESPACE();
namespace gsfit::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// Calls step(tag, i) for vectors of Gaussians, and for single ones at the end.
template <class Step>
HWY_INLINE void for_each_vector(std::int64_t begin, std::int64_t end, const Step& step) {
    const HWY_FULL(float) full;
    const auto lanes = static_cast<std::int64_t>(hn::Lanes(full));
    std::int64_t i = begin;
    for (; i + lanes <= end; i += lanes) step(full, i);
    for (; i < end; ++i) step(hn::CappedTag<float, 1>(), i);
}

struct Forward {
    ProjectForward arrays;
    Projection projection;

    template <class D>
    HWY_ATTR void operator()(D d, std::int64_t i) const {
        using V = hn::Vec<D>;
        V x, y, u, v;
        hn::LoadInterleaved2(d, arrays.position + 2 * i, x, y);
        hn::LoadInterleaved2(d, arrays.inv_scale + 2 * i, u, v);
        const V rotation = hn::LoadU(d, arrays.rotation + i);
        const V per_sample = hn::Set(d, projection.inv_scale);
        u = u * per_sample;
        v = v * per_sample;
        const auto conic = conic_of(u, v, hn::Cos(d, rotation), hn::Sin(d, rotation));
        x = hn::MulAdd(x, hn::Set(d, projection.scale_x), hn::Set(d, projection.offset_x));
        y = hn::MulAdd(y, hn::Set(d, projection.scale_y), hn::Set(d, projection.offset_y));
        hn::StoreInterleaved2(x, y, d, arrays.center + 2 * i);
        hn::StoreInterleaved3(conic.a, conic.b, conic.c, d, arrays.conic + 3 * i);
        const V uv = u * v;
        hn::StoreU(hn::IfThenElseZero(hn::IsFinite(rotation), uv * uv), d, arrays.det + i);
    }
};

struct Backward {
    ProjectBackward arrays;
    Projection projection;

    /// Degenerate Gaussians were skipped: their gradient is 0, though the chain rule of NaN is NaN.
    template <class V>
    HWY_ATTR static V finite(V x) {
        return hn::IfThenElseZero(hn::IsFinite(x), x);
    }

    template <class D>
    HWY_ATTR void operator()(D d, std::int64_t i) const {
        using V = hn::Vec<D>;
        V u, v, x, y;
        Conic<V> conic;
        hn::LoadInterleaved2(d, arrays.inv_scale + 2 * i, u, v);
        hn::LoadInterleaved2(d, arrays.grad_center + 2 * i, x, y);
        hn::LoadInterleaved3(d, arrays.grad_conic + 3 * i, conic.a, conic.b, conic.c);
        const V rotation = hn::LoadU(d, arrays.rotation + i);
        const V per_sample = hn::Set(d, projection.inv_scale);
        const auto shape =
            shape_gradient(u * per_sample, v * per_sample, hn::Cos(d, rotation), hn::Sin(d, rotation), conic);
        hn::StoreInterleaved2(x * hn::Set(d, projection.scale_x), y * hn::Set(d, projection.scale_y), d,
                              arrays.grad_position + 2 * i);
        hn::StoreInterleaved2(finite(shape.u * per_sample), finite(shape.v * per_sample), d,
                              arrays.grad_inv_scale + 2 * i);
        hn::StoreU(finite(shape.rotation), d, arrays.grad_rotation + i);
    }
};

void forward(const ProjectForward& arrays, const Projection& projection, std::int64_t begin, std::int64_t end) {
    for_each_vector(begin, end, Forward{arrays, projection});
}

void backward(const ProjectBackward& arrays, const Projection& projection, std::int64_t begin, std::int64_t end) {
    for_each_vector(begin, end, Backward{arrays, projection});
}

}  // namespace gsfit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gsfit {

HWY_EXPORT(forward);
HWY_EXPORT(backward);

void project_forward(const ProjectForward& arrays, const Projection& projection, std::int64_t begin, std::int64_t end) {
    HWY_DYNAMIC_DISPATCH(forward)(arrays, projection, begin, end);
}

void project_backward(const ProjectBackward& arrays, const Projection& projection, std::int64_t begin,
                      std::int64_t end) {
    HWY_DYNAMIC_DISPATCH(backward)(arrays, projection, begin, end);
}

}  // namespace gsfit
#endif
