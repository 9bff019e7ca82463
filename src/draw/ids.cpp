#include "gsfit/draw/ids.h"

#include <ATen/ops/empty.h>

#include <cmath>
#include <numbers>

#include "draw/oklab.h"
#include "gsfit/core/random.h"

namespace gsfit {
namespace {

/// Neighbours in memory are often neighbours in the image: the golden ratio keeps their hues apart.
std::array<std::uint8_t, 3> id_color(std::int64_t i, Random& random) {
    const double hue = 2 * std::numbers::pi * std::fmod(static_cast<double>(i) * std::numbers::phi, 1.0);
    const double lightness = 0.5 + 0.45 * random.uniform();
    const double chroma = 0.2 + 0.1 * random.uniform();
    return srgb_of_oklch(lightness, chroma, hue);
}

float root_mean_square(const float* feature, int channels) {
    float sum = 0;
    for (int c = 0; c < channels; ++c) sum += feature[c] * feature[c];
    return std::sqrt(sum / static_cast<float>(channels));
}

}  // namespace

Field with_id_colors(const Field& field) {
    Field ids = field;
    ids.feature = at::empty({field.size(), 3}, at::kFloat);
    const auto* feature = field.feature.const_data_ptr<float>();
    auto* out = ids.feature.mutable_data_ptr<float>();
    Random random;
    for (std::int64_t i = 0; i < field.size(); ++i, feature += field.channels()) {
        const float brightness = root_mean_square(feature, field.channels());
        for (const std::uint8_t byte : id_color(i, random)) *out++ = brightness * static_cast<float>(byte) / 255.0F;
    }
    return ids;
}

}  // namespace gsfit
