#include "codec/settle_kernels.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "codec/settle_kernels.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h.
#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace gsfit::codec::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using D = HWY_CAPPED(float, Samples::vector);
using V = hn::Vec<D>;
constexpr std::size_t lanes = hn::MaxLanes(D());

struct Weights {
    V x, y, a, b2, c, limit;

    HWY_INLINE Weights(const Splat& splat, float most) {
        const D d;
        x = hn::Set(d, splat.x);
        y = hn::Set(d, splat.y);
        a = hn::Set(d, splat.a);
        b2 = hn::Set(d, 2 * splat.b);
        c = hn::Set(d, splat.c);
        limit = hn::Set(d, most);
    }
    HWY_INLINE V at(V px, V py) const {
        const D d;
        const V dx = px - x;
        const V dy = py - y;
        const V q = hn::MulAdd(a * dx + b2 * dy, dx, c * dy * dy);
        return hn::IfThenElseZero(hn::Le(q, limit), hn::Exp(d, hn::Set(d, -0.5F) * q));
    }
    HWY_INLINE V at(const Samples& samples, std::size_t i) const {
        const D d;
        return at(hn::LoadU(d, samples.x() + i), hn::LoadU(d, samples.y() + i));
    }
};

void weigh(const Splat& splat, float limit, const Samples& samples, float* result) {
    const Weights weights(splat, limit);
    for (std::size_t i = 0; i < samples.room(); i += lanes) hn::StoreU(weights.at(samples, i), D(), result + i);
}

double squared_error(const Splat& splat, const float* color, const Drawing& drawing, const Samples& samples) {
    const D d;
    const Weights weights(splat, drawing.limit);
    V error = hn::Zero(d);
    for (std::size_t i = 0; i < samples.room(); i += lanes) {
        const V weight = weights.at(samples, i);
        V share = hn::Set(d, 1.0F);
        if (drawing.normalised) {
            share = share / (hn::LoadU(d, samples.weight() + i) + weight + hn::Set(d, drawing.eps));
        }
        for (std::size_t channel = 0; channel < samples.channels(); ++channel) {
            const V sum = hn::LoadU(d, samples.sum(channel) + i);
            const V target = hn::LoadU(d, samples.target(channel) + i);
            const V residual = hn::MulSub(hn::MulAdd(weight, hn::Set(d, color[channel]), sum), share, target);
            error = hn::MulAdd(residual, residual, error);
        }
    }
    return hn::GetLane(hn::SumOfLanes(d, error));
}

void draw(const Splat& splat, const float* color, std::size_t channels, float limit, float sign, const Run& run) {
    const D d;
    const Weights weights(splat, limit);
    const V y = hn::Set(d, run.y);
    for (std::size_t i = 0; i < run.count; i += lanes) {
        const V column = hn::Iota(d, static_cast<float>(i));
        const V weight = hn::Set(d, sign) * weights.at(hn::MulAdd(column, hn::Set(d, run.step), hn::Set(d, run.x)), y);
        float* sum = run.weight + i;
        hn::StoreU(hn::LoadU(d, sum) + weight, d, sum);
        for (std::size_t channel = 0; channel < channels; ++channel) {
            sum += run.plane;
            hn::StoreU(hn::MulAdd(weight, hn::Set(d, color[channel]), hn::LoadU(d, sum)), d, sum);
        }
    }
}

}  // namespace gsfit::codec::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gsfit::codec {

HWY_EXPORT(weigh);
HWY_EXPORT(squared_error);
HWY_EXPORT(draw);

void Samples::resize(std::size_t count) {
    room_ = (count + vector - 1) / vector * vector;
    const std::size_t rows = sum_row(channels_);
    values_.resize(rows * room_);
    for (std::size_t r = 0; r < rows; ++r) std::fill(row(r) + count, row(r) + room_, 0.0F);
    constexpr float far = 1e9F;  // no splat is seen there
    std::fill(x() + count, x() + room_, far);
    std::fill(weight() + count, weight() + room_, 1.0F);
}

void weigh(const Splat& splat, float limit, const Samples& samples, std::span<float> weights) {
    HWY_DYNAMIC_DISPATCH(weigh)(splat, limit, samples, weights.data());
}

double squared_error(const Splat& splat, std::span<const float> color, const Drawing& drawing, const Samples& samples) {
    return HWY_DYNAMIC_DISPATCH(squared_error)(splat, color.data(), drawing, samples);
}

void draw(const Splat& splat, std::span<const float> color, float limit, float sign, const Run& run) {
    HWY_DYNAMIC_DISPATCH(draw)(splat, color.data(), color.size(), limit, sign, run);
}

}  // namespace gsfit::codec
#endif
