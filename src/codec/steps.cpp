#include "codec/steps.h"

#include <algorithm>

namespace gsfit::codec {
namespace {

constexpr std::int64_t least_contrast = 1049;  // 0.001 of a squared difference

struct Range {
    Log least, most;
};

constexpr Range color_range{-8 * octave, -octave / 2};
constexpr Range position_range{-27 * octave / 4, octave / 4};
constexpr Range area_range{-6 * octave, 0};
constexpr Range aspect_range{-6 * octave, octave / 2};
constexpr Range angle_range{-12 * octave, 8 * octave};

Log within(const Range& range, std::int64_t step) {
    return static_cast<Log>(std::clamp<std::int64_t>(step, range.least, range.most));
}

/// Half the logarithm: of the difference, not of its square.
Log contrast_of(std::int64_t square) {
    return log2_fixed(static_cast<std::uint64_t>(square + least_contrast), value_bits) / 2;
}

std::int64_t squared(std::int64_t value) { return value * value >> value_bits; }

}  // namespace

std::array<std::int64_t, 4> Steps::shape_features(int gaussian) const {
    const auto own = part_.values(gaussian);
    std::int64_t weights = 1;
    std::int64_t differences = 0;
    for (const Neighbour& neighbour : surroundings_.around(gaussian)) {
        const auto other = part_.values(neighbour.gaussian);
        std::int64_t difference = 0;
        for (int c = 0; c < part_.channels; ++c) difference += squared(other[c] - own[c]);
        differences += neighbour.weight * difference;
        weights += neighbour.weight;
    }
    std::int64_t outlying = 0;
    for (int c = 0; c < part_.channels; ++c) {
        std::int64_t sum = 0;
        for (const Neighbour& neighbour : surroundings_.around(gaussian)) {
            sum += std::int64_t{neighbour.weight} * (part_.values(neighbour.gaussian)[c] - own[c]);
        }
        outlying += squared(floor_divide(sum, weights + (1 << 24)));
    }
    const auto [size, density] = color_features(gaussian);
    return {size, density, contrast_of(differences / weights), contrast_of(outlying)};
}

std::int32_t Steps::color(int gaussian) const {
    const std::int64_t step = error_ / 2 + regress(models_.color_step, color_features(gaussian), log_bits);
    return static_cast<std::int32_t>(exp2_fixed(within(color_range, step), value_bits));
}

Steps::OfShape Steps::shape(int gaussian) const {
    const auto features = shape_features(gaussian);
    const auto step = [&](const Range& range, const std::array<Coefficient, 5>& coefficients) {
        return within(range, error_ / 2 + regress(coefficients, features, log_bits));
    };
    return {step(position_range, models_.position_step), step(area_range, models_.area_step),
            step(aspect_range, models_.aspect_step), step(angle_range, models_.angle_step)};
}

}  // namespace gsfit::codec
