#include "image/floats.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

namespace gsfit {
namespace {

std::span<float> row_of(const Pixels& pixels, std::int64_t y) {
    return {reinterpret_cast<float*>(pixels.row(y)), static_cast<std::size_t>(pixels.width * pixels.channels)};
}

/// Of the finite values; `low` is above `high` where there is none.
FloatRange finite_range(const Pixels& pixels) {
    FloatRange range{std::numeric_limits<float>::max(), std::numeric_limits<float>::lowest()};
    for (std::int64_t y = 0; y < pixels.height; ++y) {
        for (const float value : row_of(pixels, y)) {
            if (!std::isfinite(value)) continue;
            range.low = std::min(range.low, value);
            range.high = std::max(range.high, value);
        }
        if ((y + 1) % pixels.band_rows() == 0) pixels.drop({0, y + 1});
    }
    return range;
}

}  // namespace

void make_finite(const ImageSource& source, const Pixels& pixels) {
    FloatRange range = finite_range(pixels);
    if (range.low > range.high) range = {0, 1};
    for (std::int64_t y = 0; y < pixels.height; ++y) {
        const std::span<float> row = row_of(pixels, y);
        for (std::size_t i = 0; i < row.size(); ++i) {
            if (std::isnan(row[i])) {
                const auto channels = static_cast<std::size_t>(pixels.channels);
                refuse(source, "channel " + std::to_string(i % channels + 1) + " of the pixel at x " +
                                   std::to_string(i / channels) + ", y " + std::to_string(y) +
                                   " is not a number (NaN); fill such pixels first");
            }
            row[i] = std::clamp(row[i], range.low, range.high);
        }
        pixels.finish_row(y);
    }
}

FloatRange range_of(const Pixels& pixels) {
    FloatRange range = finite_range(pixels);
    if (range.low < range.high) return range;
    // A constant: the next scale up, but not beyond the largest number.
    const float step = std::max(1.0F, std::abs(range.low));
    return range.low > 0 ? FloatRange{range.low - step, range.low} : FloatRange{range.low, range.low + step};
}

}  // namespace gsfit
