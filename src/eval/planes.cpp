#include "eval/planes.h"

#include <algorithm>

namespace gsfit {

namespace {

constexpr std::int64_t side = 64;

void add_scaled(float factor, const float* values, std::int64_t count, float* sums) {
    for (std::int64_t i = 0; i < count; ++i) sums[i] += factor * values[i];
}

}  // namespace

std::vector<Tile> tiles_of(std::int64_t width, std::int64_t height) {
    std::vector<Tile> tiles;
    for (std::int64_t y = 0; y < height; y += side) {
        for (std::int64_t x = 0; x < width; x += side) {
            tiles.push_back({x, y, std::min(side, width - x), std::min(side, height - y)});
        }
    }
    return tiles;
}

Plane filter_rows(const Plane& plane, std::span<const float> kernel) {
    Plane result(plane.width - static_cast<std::int64_t>(kernel.size()) + 1, plane.height);
    for (std::int64_t y = 0; y < result.height; ++y) {
        const float* values = plane.row(y);
        for (const float weight : kernel) add_scaled(weight, values++, result.width, result.row(y));
    }
    return result;
}

Plane filter_columns(const Plane& plane, std::span<const float> kernel) {
    Plane result(plane.width, plane.height - static_cast<std::int64_t>(kernel.size()) + 1);
    for (std::int64_t y = 0; y < result.height; ++y) {
        std::int64_t from = y;
        for (const float weight : kernel) add_scaled(weight, plane.row(from++), result.width, result.row(y));
    }
    return result;
}

}  // namespace gsfit
