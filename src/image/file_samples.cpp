#include "image/file_samples.h"

#include <algorithm>
#include <cmath>
#include <span>

namespace gsfit {
namespace {

/// An alpha below half of the file's smallest step counts as none.
float smallest_alpha(const ImageMap& map) { return map.bits == 8 ? 0.5F / 255 : 0.5F / 65535; }

float file_sample(float value, const ImageMap& map) {
    const bool floats = map.bits == 32;
    if (!floats || map.gamma != 1) value = std::clamp(value, 0.0F, 1.0F);
    if (map.gamma != 1) value = std::pow(value, 1 / map.gamma);
    // Not low + (high - low) v, whose difference can be larger than a float.
    return floats ? map.low * (1 - value) + map.high * value : value;
}

}  // namespace

bool are_file_samples(const ImageMap& map) { return map.bits != 32 && !map.alpha && map.gamma == 1; }

void to_file_samples(float* samples, std::int64_t plane, std::int64_t count, const ImageMap& map, bool multiplied) {
    const auto channel = [&](int c) { return std::span(samples + c * plane, static_cast<std::size_t>(count)); };
    for (int c = 0; c < map.channels; ++c) {
        for (float& sample : channel(c)) sample = file_sample(sample, map);
    }
    if (!map.alpha) return;
    const std::span<float> alphas = channel(map.channels - 1);
    for (float& alpha : alphas) alpha = std::clamp(alpha, 0.0F, 1.0F);
    if (multiplied) return;
    for (int c = 0; c + 1 < map.channels; ++c) {
        float* color = channel(c).data();
        for (const float alpha : alphas) {
            *color = alpha > smallest_alpha(map) ? *color / alpha : 0;
            ++color;
        }
    }
}

}  // namespace gsfit
