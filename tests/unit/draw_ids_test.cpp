#include "gsfit/draw/ids.h"

#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

namespace gsfit {
namespace {

Field field_of_features(const at::Tensor& feature) {
    const std::int64_t size = feature.size(0);
    return {at::zeros({size, 2}), at::ones({size, 2}), at::zeros({size, 1}), feature, 10, 10};
}

double distance(const float* a, const float* b) { return std::hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]); }

TEST(IdColors, TellNeighboursApart) {
    const Field ids = with_id_colors(field_of_features(at::ones({300, 5})));
    ASSERT_EQ(ids.feature.sizes(), (at::IntArrayRef{300, 3}));
    const auto* color = ids.feature.const_data_ptr<float>();
    std::set<std::array<float, 3>> different;
    for (std::int64_t i = 0; i < 300; ++i, color += 3) {
        different.insert({color[0], color[1], color[2]});
        EXPECT_GT(i > 0 ? distance(color, color - 3) : 1.0, 0.15) << i;
        EXPECT_GT(i > 1 ? distance(color, color - 6) : 1.0, 0.08) << i;
        EXPECT_LE(std::max({color[0], color[1], color[2]}), 1);
    }
    EXPECT_GT(different.size(), 290U);
}

TEST(IdColors, AreAsBrightAsTheFeature) {
    const at::Tensor feature = at::ones({2, 4});
    feature.mutable_data_ptr<float>()[4] = -3;
    for (int c = 5; c < 8; ++c) feature.mutable_data_ptr<float>()[c] = 0;
    const Field whole = with_id_colors(field_of_features(at::ones({2, 4})));
    const Field other = with_id_colors(field_of_features(feature));
    for (int c = 0; c < 6; ++c) {
        const float factor = c < 3 ? 1.0F : 1.5F;  // sqrt(9 / 4)
        EXPECT_FLOAT_EQ(other.feature.const_data_ptr<float>()[c], factor * whole.feature.const_data_ptr<float>()[c]);
    }
}

}  // namespace
}  // namespace gsfit
