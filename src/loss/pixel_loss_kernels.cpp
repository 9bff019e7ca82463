// L1 and L2: sums and gradients, in runs of a row short enough for the first-level cache.

#include "loss/pixel_loss_kernels.h"

#include <algorithm>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "loss/pixel_loss_kernels.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h.
#include <hwy/highway.h>

#include "loss/target_row-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gsfit::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using D = hn::CappedTag<float, 16>;
using V = hn::Vec<D>;

constexpr std::int64_t run = 512;

/// Calls visit(differences, channel, row, column, count) for every run of the rows; `differences` [run] is image -
/// target, 0 from `count` on.
template <class Visit>
HWY_INLINE void for_each_run(const Comparison& comparison, std::int64_t first, std::int64_t rows, const Visit& visit) {
    const D d;
    const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
    alignas(64) float image[run];
    alignas(64) float target[run];
    for (std::int64_t row = first; row < first + rows; ++row) {
        for (std::int64_t column = 0; column < comparison.lattice.width; column += run) {
            const std::int64_t count = std::min(run, comparison.lattice.width - column);
            for (int channel = 0; channel < comparison.target.channels; ++channel) {
                std::memcpy(image, comparison.image.row(channel, row) + column,
                            static_cast<std::size_t>(count) * sizeof(float));
                read_target_row(comparison.target, comparison.lattice, channel, row, column, count, target);
                std::fill(image + count, image + run, 0.0F);
                std::fill(target + count, target + run, 0.0F);
                for (std::int64_t i = 0; i < run; i += lanes) {
                    hn::Store(hn::Sub(hn::Load(d, image + i), hn::Load(d, target + i)), d, image + i);
                }
                visit(image, channel, row, column, count);
            }
        }
    }
}

ErrorSums sums(const Comparison& comparison, std::int64_t first, std::int64_t rows) {
    const D d;
    const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
    ErrorSums result;
    for_each_run(comparison, first, rows,
                 [&](const float* differences, int, std::int64_t, std::int64_t, std::int64_t count) HWY_ATTR {
                     V absolute = hn::Zero(d);
                     V squared = hn::Zero(d);
                     for (std::int64_t i = 0; i < count; i += lanes) {
                         const V difference = hn::Load(d, differences + i);
                         absolute = hn::Add(absolute, hn::Abs(difference));
                         squared = hn::MulAdd(difference, difference, squared);
                     }
                     result.absolute += static_cast<double>(hn::GetLane(hn::SumOfLanes(d, absolute)));
                     result.squared += static_cast<double>(hn::GetLane(hn::SumOfLanes(d, squared)));
                 });
    return result;
}

void gradient_rows(const Comparison& comparison, std::int64_t first, std::int64_t rows, float by_sign,
                   float by_difference, float* gradient) {
    const D d;
    const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
    const Lattice& lattice = comparison.lattice;
    alignas(64) float values[run];
    for_each_run(
        comparison, first, rows,
        [&](const float* differences, int channel, std::int64_t row, std::int64_t column, std::int64_t count) HWY_ATTR {
            for (std::int64_t i = 0; i < count; i += lanes) {
                const V difference = hn::Load(d, differences + i);
                const auto zero = hn::Eq(difference, hn::Zero(d));
                const V sign = hn::IfThenZeroElse(zero, hn::CopySign(hn::Set(d, 1.0F), difference));
                hn::Store(hn::MulAdd(hn::Set(d, by_difference), difference, hn::Mul(hn::Set(d, by_sign), sign)), d,
                          values + i);
            }
            std::memcpy(gradient + (channel * lattice.height + row) * lattice.width + column, values,
                        static_cast<std::size_t>(count) * sizeof(float));
        });
}

}  // namespace gsfit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gsfit {

HWY_EXPORT(sums);
HWY_EXPORT(gradient_rows);

ErrorSums sum_errors(const Comparison& comparison, std::int64_t first, std::int64_t rows) {
    return HWY_DYNAMIC_DISPATCH(sums)(comparison, first, rows);
}

void pixel_gradient(const Comparison& comparison, std::int64_t first, std::int64_t rows, float by_sign,
                    float by_difference, float* gradient) {
    HWY_DYNAMIC_DISPATCH(gradient_rows)(comparison, first, rows, by_sign, by_difference, gradient);
}

}  // namespace gsfit
#endif
