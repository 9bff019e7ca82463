#pragma once

// Images that metrics are tested on.

#include <ATen/ops/zeros.h>

#include <utility>
#include <vector>

#include "gsfit/core/random.h"
#include "gsfit/eval/sources.h"

namespace gsfit {

/// Smooth patches under noise, in 0..1.
inline at::Tensor patches(std::int64_t channels, std::int64_t height, std::int64_t width, std::uint64_t seed) {
    Random random(seed);
    at::Tensor image = at::zeros({channels, height, width});
    auto values = image.accessor<float, 3>();
    for (std::int64_t c = 0; c < channels; ++c) {
        for (std::int64_t y = 0; y < height; ++y) {
            for (std::int64_t x = 0; x < width; ++x) {
                const auto patch = static_cast<float>((x / 17 + 3 * (y / 23) + 5 * c) % 8) / 10;
                values[c][y][x] = patch + 0.3F * static_cast<float>(random.uniform());
            }
        }
    }
    return image;
}

/// An image and the same with other noise.
struct ImagePair {
    ImagePair(std::int64_t channels, std::int64_t height, std::int64_t width)
        : image(patches(channels, height, width, 1)), target(patches(channels, height, width, 2)) {}

    at::Tensor image;
    at::Tensor target;
};

using AskedRows = std::vector<std::pair<std::int64_t, std::int64_t>>;

/// rows_of() that hands out copies, so that nothing beside the rows can be read, and writes down which were asked for.
inline ImageBands copied_rows_of(const at::Tensor& image, AskedRows& asked) {
    ImageBands rows = rows_of(image);
    rows.band = [image, &asked](std::int64_t first, std::int64_t count) {
        asked.emplace_back(first, count);
        return image.narrow(1, first, count).clone();
    };
    return rows;
}

}  // namespace gsfit
