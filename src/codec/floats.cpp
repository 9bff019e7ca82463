#include "codec/floats.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "codec/colors.h"

namespace gsfit::codec {

void append(Gaussians& gaussians, const Part& part, const Description& description) {
    constexpr int bits = 40;
    const auto inverse = [](Log sigma) { return static_cast<float>(std::ldexp(exp2_fixed(-sigma, bits), -bits)); };
    std::vector<std::int32_t> color(static_cast<std::size_t>(part.channels));
    for (int i = 0; i < part.size(); ++i) {
        const Geometry& own = part.geometry[i];
        gaussians.position.push_back(static_cast<float>(std::ldexp(own.x, -place_bits) / description.width));
        gaussians.position.push_back(static_cast<float>(std::ldexp(own.y, -place_bits) / description.height));
        gaussians.inv_scale.push_back(inverse(own.major));
        gaussians.inv_scale.push_back(inverse(own.minor));
        gaussians.rotation.push_back(static_cast<float>(own.angle * (std::numbers::pi / half_turn)));
        const auto values = part.values(i);
        std::copy(values.begin(), values.end(), color.begin());
        from_axes(color);
        for (const std::int32_t value : color) {
            gaussians.feature.push_back(static_cast<float>(std::ldexp(value, -value_bits)));
        }
    }
}

}  // namespace gsfit::codec
