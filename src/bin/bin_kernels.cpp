#include "bin/bin_kernels.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "bin/bin_kernels.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h.
#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace gsfit::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using D = HWY_CAPPED(float, 16);
using V = hn::Vec<D>;
constexpr int lanes = static_cast<int>(hn::MaxLanes(D()));

/// A vector of splats, structure of arrays.
struct Batch {
    HWY_ALIGN float x[lanes], y[lanes], a[lanes], b[lanes], c[lanes], det[lanes];
    HWY_ALIGN float extent_x[lanes], extent_y[lanes], top_x[lanes], inv_c[lanes], decay[lanes], reach[lanes];
    HWY_ALIGN float seed_rows[lanes], square[lanes];
};

/// The recurrence starts at a seed up to n rows above the ellipse. There the weight must not have underflowed:
/// (cutoff + n sqrt(c))^2 / 2 < 86, hence n sqrt(c) < 13.11 - cutoff. Seeds stand at the first rows of tiles of 4.
HWY_INLINE V seed_rows(V c, float cutoff) {
    const D d;
    const V rows = hn::Set(d, 13.11F - cutoff) / hn::Sqrt(c);
    const V tiles = hn::Floor(hn::Min(rows, hn::Set(d, 32.0F)) * hn::Set(d, 0.25F));
    return hn::IfThenElse(hn::Ge(rows, hn::Set(d, 8.0F)), tiles * hn::Set(d, 4.0F), hn::Set(d, 1.0F));
}

/// Half width of the square of `tile16`: 3 sigma along the longer axis, whose eigenvalue Image-GS keeps sqrt(0.1) above
/// the mean of both. det(S) = mid^2 - (half the difference of its diagonal)^2 - its off-diagonal^2.
HWY_INLINE V half_square(V a, V b, V c, V inv_det) {
    const D d;
    const V half = hn::Set(d, 0.5F);
    const V mid = half * (a + c) * inv_det;
    const V difference = half * (a - c) * inv_det;
    const V across = b * inv_det;
    const V squared = hn::MulAdd(difference, difference, across * across);
    const V eigenvalue = mid + hn::Sqrt(hn::Max(squared, hn::Set(d, 0.1F)));
    return hn::Ceil(hn::Set(d, 3.0F) * hn::Sqrt(eigenvalue));
}

HWY_INLINE void derive(Batch& batch, const Band& band) {
    const D d;
    const V a = hn::Load(d, batch.a);
    const V b = hn::Load(d, batch.b);
    const V c = hn::Load(d, batch.c);
    const V det = hn::Load(d, batch.det);
    constexpr float underflow = 13.2164F;  // exp(-underflow^2 / 2) = 2^-126
    const bool is_ellipse = band.support == Support::ellipse;
    const V cut = hn::Set(d, is_ellipse ? band.cutoff : underflow);
    const V inv_det = hn::Set(d, 1.0F) / det;
    const V extent_y = cut * hn::Sqrt(a * inv_det);
    hn::Store(cut * hn::Sqrt(c * inv_det), d, batch.extent_x);
    hn::Store(extent_y, d, batch.extent_y);
    hn::Store(hn::Neg(b) * extent_y / a, d, batch.top_x);
    hn::Store(hn::Set(d, 1.0F) / c, d, batch.inv_c);
    hn::Store(hn::Exp(d, hn::Max(hn::Neg(c), hn::Set(d, -87.0F))), d, batch.decay);
    hn::Store(cut * cut * c, d, batch.reach);
    hn::Store(seed_rows(c, is_ellipse ? band.cutoff : 3.0F), d, batch.seed_rows);
    hn::Store(half_square(a, b, c, inv_det), d, batch.square);
}

/// Samples along one direction.
struct Samples {
    float first, last;
    std::int32_t first_block;

    explicit Samples(const Rows& range)
        : first(static_cast<float>(range.first)),
          last(static_cast<float>(range.first + range.count - 1)),
          first_block(static_cast<std::int32_t>(range.first / block_size)) {}
};

/// What the support of a batch's splat spans across and down.
HWY_INLINE SampleSpan across(const Batch& batch, int i, Support support) {
    if (support == Support::tile16) return tile_samples(batch.x[i], batch.square[i]);
    return {batch.x[i] - batch.extent_x[i] - 0.5F, batch.x[i] + batch.extent_x[i] - 0.5F};
}
HWY_INLINE SampleSpan down(const Batch& batch, int i, Support support) {
    if (support == Support::tile16) return tile_samples(batch.y[i], batch.square[i]);
    return {batch.y[i] - batch.extent_y[i] - 0.5F, batch.y[i] + batch.extent_y[i] - 0.5F};
}

/// Blocks, from the first, with samples in the span.
HWY_INLINE bool touched(const SampleSpan& span, const Samples& samples, std::int32_t& first, std::int32_t& last) {
    if (!(span.last >= samples.first && span.first <= samples.last)) return false;
    first = static_cast<std::int32_t>(std::max(samples.first, span.first)) / block_size - samples.first_block;
    last = static_cast<std::int32_t>(std::min(samples.last, span.last)) / block_size + 1 - samples.first_block;
    return true;
}

HWY_INLINE bool all_finite(const float* values, int count) {
    float zeros = 0.0F;
    for (int i = 0; i < count; ++i) zeros += values[i] * 0.0F;
    return zeros == 0.0F;
}

HWY_INLINE void write_line(const Batch& batch, int i, SplatLine& line) {
    line = {.x = batch.x[i],
            .y = batch.y[i],
            .a = batch.a[i],
            .b = batch.b[i],
            .c = batch.c[i],
            .det = batch.det[i],
            .extent_x = batch.extent_x[i],
            .extent_y = batch.extent_y[i],
            .top_x = batch.top_x[i],
            .inv_c = batch.inv_c[i],
            .decay = batch.decay[i],
            .reach = batch.reach[i],
            .seed_rows = static_cast<std::int32_t>(batch.seed_rows[i]),
            .square = batch.square[i]};
}

void prepare(const PrepareArrays& arrays, std::int64_t size, const Band& band) {
    const Samples columns({0, band.width});
    const Samples rows(band.rows);
    Batch batch = {};
    for (std::int64_t first = 0; first < size; first += lanes) {
        const int count = static_cast<int>(std::min<std::int64_t>(lanes, size - first));
        for (int i = 0; i < count; ++i) {
            const std::int64_t n = first + i;
            batch.x[i] = arrays.center[2 * n];
            batch.y[i] = arrays.center[2 * n + 1];
            batch.a[i] = arrays.conic[3 * n];
            batch.b[i] = arrays.conic[3 * n + 1];
            batch.c[i] = arrays.conic[3 * n + 2];
            batch.det[i] = arrays.det[n];
        }
        derive(batch, band);
        for (int i = 0; i < count; ++i) {
            write_line(batch, i, arrays.lines[first + i]);
            BlockRange range;
            // Comparisons with NaN are false, so a degenerate splat touches nothing.
            const bool sound = batch.det[i] > 1e-30F && batch.det[i] < 1e30F && batch.a[i] > 0.0F &&
                               batch.c[i] > 0.0F &&
                               all_finite(arrays.feature + (first + i) * arrays.channels, arrays.channels);
            const bool seen = sound && touched(across(batch, i, band.support), columns, range.x0, range.x1) &&
                              touched(down(batch, i, band.support), rows, range.y0, range.y1);
            arrays.ranges[first + i] = seen ? range : BlockRange{};
        }
    }
}

}  // namespace gsfit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gsfit {

HWY_EXPORT(prepare);

void prepare_splats(const PrepareArrays& arrays, std::int64_t size, const Band& band) {
    HWY_DYNAMIC_DISPATCH(prepare)(arrays, size, band);
}

}  // namespace gsfit
#endif
