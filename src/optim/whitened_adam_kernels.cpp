#include "optim/adam_kernels.h"

#include <algorithm>
#include <iterator>
#include <limits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "optim/whitened_adam_kernels.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h.
#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>

#include "gsfit/core/unroll.h"
#include "gsfit/core/views.h"
#include "optim/adam_constants.h"

#ifndef GSFIT_ADAM_CONSTANTS
#define GSFIT_ADAM_CONSTANTS
namespace gsfit {

inline constexpr int most_columns = geometry + max_channels;

}  // namespace gsfit
#endif

HWY_BEFORE_NAMESPACE();
namespace gsfit::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using D = HWY_CAPPED(float, 16);
using V = hn::Vec<D>;
constexpr int lanes = static_cast<int>(hn::MaxLanes(D()));

using Column = float[lanes];

/// A vector of Gaussians, transposed to columns.
struct Batch {
    HWY_ALIGN Column x, y, u, v, rotation, age;
    HWY_ALIGN Column feature[most_columns - geometry];
    HWY_ALIGN Column grad[most_columns];
    HWY_ALIGN Column first[most_columns];
    HWY_ALIGN Column second[most_columns];
    HWY_ALIGN Column products[geometry_pairs];
};

HWY_INLINE void load(const AdamArrays& arrays, std::int64_t begin, int count, Batch& batch) {
    const int channels = arrays.channels;
    const int columns = geometry + channels;
    for (int i = 0; i < count; ++i) {
        const std::int64_t n = begin + i;
        if (arrays.age[n] < std::numeric_limits<std::int32_t>::max()) ++arrays.age[n];
        batch.age[i] = static_cast<float>(arrays.age[n]);
        batch.x[i] = arrays.position[2 * n];
        batch.y[i] = arrays.position[2 * n + 1];
        batch.u[i] = arrays.inv_scale[2 * n];
        batch.v[i] = arrays.inv_scale[2 * n + 1];
        batch.rotation[i] = arrays.rotation[n];
        batch.grad[0][i] = arrays.grad_position[2 * n];
        batch.grad[1][i] = arrays.grad_position[2 * n + 1];
        batch.grad[2][i] = arrays.grad_inv_scale[2 * n];
        batch.grad[3][i] = arrays.grad_inv_scale[2 * n + 1];
        batch.grad[4][i] = arrays.grad_rotation[n];
        for (int c = 0; c < channels; ++c) {
            batch.feature[c][i] = arrays.feature[channels * n + c];
            batch.grad[geometry + c][i] = arrays.grad_feature[channels * n + c];
        }
        for (int k = 0; k < columns; ++k) {
            batch.first[k][i] = arrays.first[columns * n + k];
            batch.second[k][i] = arrays.second[columns * n + k];
        }
        for (int k = 0; k < geometry_pairs; ++k) batch.products[k][i] = arrays.products[geometry_pairs * n + k];
    }
}

HWY_INLINE void store(const Batch& batch, std::int64_t begin, int count, const AdamArrays& arrays) {
    const int channels = arrays.channels;
    const int columns = geometry + channels;
    for (int i = 0; i < count; ++i) {
        const std::int64_t n = begin + i;
        arrays.position[2 * n] = batch.x[i];
        arrays.position[2 * n + 1] = batch.y[i];
        arrays.inv_scale[2 * n] = batch.u[i];
        arrays.inv_scale[2 * n + 1] = batch.v[i];
        arrays.rotation[n] = batch.rotation[i];
        for (int c = 0; c < channels; ++c) arrays.feature[channels * n + c] = batch.feature[c][i];
        for (int k = 0; k < columns; ++k) {
            arrays.first[columns * n + k] = batch.first[k][i];
            arrays.second[columns * n + k] = batch.second[k][i];
        }
        for (int k = 0; k < geometry_pairs; ++k) arrays.products[geometry_pairs * n + k] = batch.products[k][i];
    }
}

/// 1 / (1 - beta^age), beta by its logarithm.
HWY_INLINE V bias_correction(const Batch& batch, V log_beta) {
    const D d;
    return hn::Set(d, -1.0F) / hn::Expm1(d, hn::Load(d, batch.age) * log_beta);
}

/// The betas and their logarithms.
struct Betas {
    V first, second, log_first, log_second;

    HWY_INLINE explicit Betas(const WhitenedStep& step)
        : first(hn::Set(D(), step.beta1)),
          second(hn::Set(D(), step.beta2)),
          log_first(hn::Log(D(), first)),
          log_second(hn::Log(D(), second)) {}
};

/// Adam's memory of the batch.
struct Memory {
    V beta1, beta2, correction1, correction2;
};

/// A step's direction, and what it was divided by to have one: 1 / the gradients' spread.
struct Direction {
    V way, inverse_spread;
};

HWY_INLINE V finite(V gradient) { return hn::IfThenElseZero(hn::IsFinite(gradient), gradient); }

/// Updates the moments of column k with its whitened gradient.
HWY_INLINE Direction direction(Batch& batch, int k, V gradient, const Memory& memory) {
    const D d;
    const V one = hn::Set(d, 1.0F);
    V first = hn::Load(d, batch.first[k]);
    V second = hn::Load(d, batch.second[k]);
    first = hn::MulAdd(one - memory.beta1, gradient, memory.beta1 * first);
    second = hn::MulAdd((one - memory.beta2) * gradient, gradient, memory.beta2 * second);
    hn::Store(first, d, batch.first[k]);
    hn::Store(second, d, batch.second[k]);
    const V spread = hn::Sqrt(second * memory.correction2) + hn::Set(d, adam_eps);
    const V inverse_spread = one / spread;
    return {first * memory.correction1 * inverse_spread, inverse_spread};
}

/// Directions of the geometric columns, by R^-1/2 of their gradients' correlations.
HWY_INLINE void geometry_directions(Batch& batch, const V* gradients, const Memory& memory, float shrinkage, V* ways) {
    const D d;
    const V one = hn::Set(d, 1.0F);
    const V shrunk = one - hn::Max(hn::Set(d, shrinkage), one / hn::Load(d, batch.age));
    Direction directions[geometry];
    GSFIT_UNROLL
    for (int k = 0; k < geometry; ++k) directions[k] = direction(batch, k, gradients[k], memory);
    V correlations[geometry][geometry];
    int pair = 0;
    GSFIT_UNROLL
    for (int i = 0; i < geometry; ++i) {
        GSFIT_UNROLL
        for (int j = i + 1; j < geometry; ++j, ++pair) {
            const V product = hn::MulAdd((one - memory.beta2) * gradients[i], gradients[j],
                                         memory.beta2 * hn::Load(d, batch.products[pair]));
            hn::Store(product, d, batch.products[pair]);
            const V scaled = product * directions[i].inverse_spread * (memory.correction2 * shrunk);
            correlations[i][j] = correlations[j][i] = scaled * directions[j].inverse_spread;
        }
    }
    constexpr int degree = std::size(inverse_root) - 1;
    GSFIT_UNROLL
    for (int i = 0; i < geometry; ++i) ways[i] = hn::Set(d, inverse_root[degree]) * directions[i].way;
    GSFIT_UNROLL
    for (int power = degree; power-- > 0;) {
        V sums[geometry];
        GSFIT_UNROLL
        for (int i = 0; i < geometry; ++i) {
            sums[i] = hn::MulAdd(hn::Set(d, inverse_root[power]), directions[i].way, ways[i]);
            GSFIT_UNROLL
            for (int j = 0; j < geometry; ++j) {
                if (j != i) sums[i] = hn::MulAdd(correlations[i][j], ways[j], sums[i]);
            }
        }
        std::copy_n(sums, geometry, ways);
    }
}

HWY_INLINE V clamp(V x, float low, float high) {
    const D d;
    return hn::Min(hn::Max(x, hn::Set(d, low)), hn::Set(d, high));
}

HWY_INLINE void move(Batch& batch, int channels, const WhitenedStep& step, const Betas& betas) {
    const D d;
    const Memory memory{.beta1 = betas.first,
                        .beta2 = betas.second,
                        .correction1 = bias_correction(batch, betas.log_first),
                        .correction2 = bias_correction(batch, betas.log_second)};
    const V u = hn::Load(d, batch.u);
    const V v = hn::Load(d, batch.v);
    const V rotation = hn::Load(d, batch.rotation);
    const V cosine = hn::Cos(d, rotation);
    const V sine = hn::Sin(d, rotation);
    const V width = hn::Set(d, step.width);
    const V height = hn::Set(d, step.height);
    const V anisotropy = hn::Max(hn::Set(d, least_anisotropy), hn::Abs(u / v - v / u));

    const V gx = hn::Load(d, batch.grad[0]) / width;
    const V gy = hn::Load(d, batch.grad[1]) / height;
    const V gradients[geometry] = {finite(hn::MulAdd(cosine, gx, sine * gy) / u),
                                   finite(hn::NegMulAdd(sine, gx, cosine * gy) / v),
                                   finite(hn::Load(d, batch.grad[2]) * u), finite(hn::Load(d, batch.grad[3]) * v),
                                   finite(hn::Load(d, batch.grad[4]) / anisotropy)};
    V ways[geometry];
    geometry_directions(batch, gradients, memory, step.shrinkage, ways);
    const auto& [along_u, along_v, log_u, log_v, turn] = ways;

    const V position_step = hn::Set(d, step.position);
    const V du = position_step * along_u / u;
    const V dv = position_step * along_v / v;
    const V x = hn::Load(d, batch.x) - hn::NegMulAdd(sine, dv, cosine * du) / width;
    const V y = hn::Load(d, batch.y) - hn::MulAdd(cosine, dv, sine * du) / height;
    const V scale_step = hn::Set(d, -step.scale);
    hn::Store(clamp(x, least_position, most_position), d, batch.x);
    hn::Store(clamp(y, least_position, most_position), d, batch.y);
    hn::Store(clamp(u * hn::Exp(d, scale_step * log_u), step.inv_scale_min, step.inv_scale_max), d, batch.u);
    hn::Store(clamp(v * hn::Exp(d, scale_step * log_v), step.inv_scale_min, step.inv_scale_max), d, batch.v);
    hn::Store(rotation - hn::Set(d, step.rotation) * turn / anisotropy, d, batch.rotation);

    const V feature_step = hn::Set(d, step.feature);
    for (int c = 0; c < channels; ++c) {
        const V gradient = finite(hn::Load(d, batch.grad[geometry + c]));
        const V way = direction(batch, geometry + c, gradient, memory).way;
        hn::Store(hn::NegMulAdd(feature_step, way, hn::Load(d, batch.feature[c])), d, batch.feature[c]);
    }
}

void adam(const AdamArrays& arrays, const WhitenedStep& step, std::int64_t begin, std::int64_t end) {
    Batch batch = {};
    std::fill_n(batch.u, lanes, 1.0F);  // lanes that a last, short batch leaves unused stay finite
    std::fill_n(batch.v, lanes, 1.0F);
    std::fill_n(batch.age, lanes, 1.0F);
    const Betas betas(step);
    for (std::int64_t first = begin; first < end; first += lanes) {
        const int count = static_cast<int>(std::min<std::int64_t>(lanes, end - first));
        load(arrays, first, count, batch);
        move(batch, arrays.channels, step, betas);
        store(batch, first, count, arrays);
    }
}

}  // namespace gsfit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gsfit {

HWY_EXPORT(adam);

void whitened_adam_step(const AdamArrays& arrays, const WhitenedStep& step, std::int64_t begin, std::int64_t end) {
    HWY_DYNAMIC_DISPATCH(adam)(arrays, step, begin, end);
}

}  // namespace gsfit
#endif
