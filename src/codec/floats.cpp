#include "codec/floats.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "codec/colors.h"

namespace gsfit::codec {

void append(Gaussians& gaussians, const Part& part, const Description& description) {
    constexpr int bits = 40;
    const auto inverse = [](Log sigma) { return static_cast<float>(std::ldexp(exp2_fixed(-sigma, bits), -bits)); };
    for (int i = 0; i < part.size(); ++i) {
        const Geometry& own = part.geometry[i];
        gaussians.position.push_back(static_cast<float>(std::ldexp(own.x, -place_bits) / description.width));
        gaussians.position.push_back(static_cast<float>(std::ldexp(own.y, -place_bits) / description.height));
        gaussians.inv_scale.push_back(inverse(own.major));
        gaussians.inv_scale.push_back(inverse(own.minor));
        gaussians.rotation.push_back(static_cast<float>(own.angle * (std::numbers::pi / half_turn)));
        append_feature(gaussians.feature, part, i);
    }
}

void append_feature(std::vector<float>& features, const Part& part, int gaussian) {
    std::array<std::int32_t, max_channels> color;
    const auto values = part.values(gaussian);
    const auto own = std::span(color).first(values.size());
    std::ranges::copy(values, own.begin());
    from_axes(own);
    for (const std::int32_t value : own) features.push_back(static_cast<float>(std::ldexp(value, -value_bits)));
}

}  // namespace gsfit::codec
