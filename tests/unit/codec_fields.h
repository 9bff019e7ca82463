#pragma once

#include <cmath>
#include <cstring>
#include <numbers>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "gsfit/codec.h"

namespace gsfit::codec {

/// A field without a picture: colours and sizes change slowly over the image, as those of a trained one do.
inline Gaussians scattered(int count, const Description& description, unsigned seed = 1) {
    std::mt19937 random(seed);
    const auto uniform = [&] { return static_cast<float>(random() >> 8) / (1 << 24); };
    const float pitch =
        std::sqrt(static_cast<float>(description.width * description.height) / static_cast<float>(count));
    Gaussians gaussians;
    for (int i = 0; i < count; ++i) {
        const float x = 1.04F * uniform() - 0.02F;
        const float y = 1.04F * uniform() - 0.02F;
        gaussians.position.insert(gaussians.position.end(), {x, y});
        for (int axis = 0; axis < 2; ++axis) {
            gaussians.inv_scale.push_back(1 / (pitch * (0.2F + x * y * y + 0.5F * uniform())));
        }
        gaussians.rotation.push_back(3 * x + uniform());
        for (int c = 0; c < description.channels; ++c) {
            gaussians.feature.push_back(0.5F + 0.4F * std::sin(5 * x + static_cast<float>(c)) + 0.1F * uniform());
        }
    }
    return gaussians;
}

/// Reads from memory.
inline Reader::Read reading(std::span<const std::byte> file) {
    return [file](std::uint64_t offset, std::span<std::byte> target) {
        const std::size_t count = offset < file.size() ? std::min(target.size(), file.size() - offset) : 0;
        if (count > 0) std::memcpy(target.data(), file.data() + offset, count);
        return count;
    };
}

inline Gaussians decoded(std::span<const std::byte> file) {
    return Reader(reading(file), file.size(), "field.gsf").decode();
}

}  // namespace gsfit::codec
