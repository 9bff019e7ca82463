#include "codec/colors.h"

#include <cmath>

namespace gsfit::codec {
namespace {

constexpr int axis_bits = 16;
constexpr std::array<std::array<std::int64_t, 3>, 3> axes{{{37837, 37837, 37837},  // in 2^-16ths
                                                           {46341, 0, -46341},
                                                           {26755, -53510, 26755}}};
constexpr std::int32_t grey = 1 << (value_bits - 1);
constexpr std::int32_t grey_along_axis = 908093;  // sqrt(3) / 2
constexpr std::int64_t least_variance = 944;      // 0.03^2
constexpr Log usual_spread = -9511;               // 0.2

}  // namespace

ColorFeatures color_features(const Part& part, std::span<const Neighbour> neighbours, int channel) {
    if (neighbours.empty()) {
        const std::int64_t usual = part.channels != 3 ? grey : channel == 0 ? grey_along_axis : 0;
        return {usual, usual_spread};
    }
    std::int64_t weights = 0;
    std::int64_t sum = 0;
    for (const Neighbour& neighbour : neighbours) {
        weights += neighbour.weight;
        sum += std::int64_t{neighbour.weight} * part.values(neighbour.gaussian)[channel];
    }
    const std::int64_t mean = floor_divide(sum, weights);
    std::int64_t squares = 0;
    for (const Neighbour& neighbour : neighbours) {
        const std::int64_t difference = part.values(neighbour.gaussian)[channel] - mean;
        squares += neighbour.weight * (difference * difference >> value_bits);
    }
    return {mean, log2_fixed(static_cast<std::uint64_t>(squares / weights + least_variance), value_bits) / 2};
}

void to_axes(std::span<double> feature) {
    if (feature.size() != 3) return;
    const std::array<double, 3> color{feature[0], feature[1], feature[2]};
    for (std::size_t axis = 0; axis < 3; ++axis) {
        feature[axis] = 0;
        for (std::size_t c = 0; c < 3; ++c)
            feature[axis] += static_cast<double>(axes[axis][c]) / (1 << axis_bits) * color[c];
    }
}

void from_axes(std::span<std::int32_t> values) {
    if (values.size() != 3) return;
    const std::array<std::int32_t, 3> along{values[0], values[1], values[2]};
    for (std::size_t c = 0; c < 3; ++c) {
        std::int64_t sum = 0;
        for (std::size_t axis = 0; axis < 3; ++axis) sum += axes[axis][c] * along[axis];
        values[c] = static_cast<std::int32_t>(round_shift(sum, axis_bits));
    }
}

}  // namespace gsfit::codec
