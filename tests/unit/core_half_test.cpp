#include <cstdint>
#include <vector>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "unit/core_half_test.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h.
#include <hwy/highway.h>

#include "gsfit/core/half-inl.h"

HWY_BEFORE_NAMESPACE();
namespace gsfit::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using D = HWY_CAPPED(float, 16);

void load_all(const std::vector<std::uint16_t>& from, std::vector<float>& to) {
    const D d;
    for (std::size_t i = 0; i < from.size(); i += hn::Lanes(d)) hn::StoreU(load_half(d, &from[i]), d, &to[i]);
}

void store_all(const std::vector<float>& from, std::vector<std::uint16_t>& to) {
    const D d;
    for (std::size_t i = 0; i < from.size(); i += hn::Lanes(d)) store_half(hn::LoadU(d, &from[i]), d, &to[i]);
}

}  // namespace gsfit::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include <c10/util/Half.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>

#include "reference/simd_targets.h"

namespace gsfit {

HWY_EXPORT(load_all);
HWY_EXPORT(store_all);

namespace {

std::vector<std::uint16_t> all_halves() {
    std::vector<std::uint16_t> halves(1 << 16);
    for (std::size_t i = 0; i < halves.size(); ++i) halves[i] = static_cast<std::uint16_t>(i);
    return halves;
}

float to_float(std::uint16_t half) { return static_cast<float>(c10::Half(half, c10::Half::from_bits())); }

bool same(float a, float b) {
    return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b) || (std::isnan(a) && std::isnan(b));
}

/// Every number of float16 and, between it and the next, the tie and its neighbours; what lies beyond them all.
std::vector<float> telling_floats() {
    std::vector<float> floats;
    for (const std::uint16_t half : all_halves()) {
        const float value = to_float(half);
        const float tie = std::isfinite(value) ? (value + to_float(static_cast<std::uint16_t>(half + 1))) / 2 : value;
        for (const float x : {value, tie, std::nextafter(tie, 0.0F), std::nextafter(tie, 2 * tie)}) floats.push_back(x);
    }
    for (const float x : {65519.9F, 65520.0F, 1e6F, 3e38F, 1e-7F, 2.9e-8F, 3e-8F, 1e-30F}) {
        floats.insert(floats.end(), {x, -x});
    }
    return floats;
}

TEST(Half, LoadsEveryNumberOnEverySimdTarget) {
    const auto halves = all_halves();
    for (const auto target : reference::simd_targets()) {
        SCOPED_TRACE(hwy::TargetName(target));
        const reference::OnTarget on(target);
        std::vector<float> floats(halves.size());
        HWY_DYNAMIC_DISPATCH(load_all)(halves, floats);
        for (std::size_t i = 0; i < halves.size(); ++i) ASSERT_TRUE(same(floats[i], to_float(halves[i]))) << i;
    }
}

TEST(Half, StoresTheNearestNumberOnEverySimdTarget) {
    const auto floats = telling_floats();
    for (const auto target : reference::simd_targets()) {
        SCOPED_TRACE(hwy::TargetName(target));
        const reference::OnTarget on(target);
        std::vector<std::uint16_t> halves(floats.size());
        HWY_DYNAMIC_DISPATCH(store_all)(floats, halves);
        for (std::size_t i = 0; i < floats.size(); ++i) {
            ASSERT_TRUE(same(to_float(halves[i]), static_cast<float>(c10::Half(floats[i])))) << floats[i];
        }
    }
}

}  // namespace
}  // namespace gsfit
#endif
