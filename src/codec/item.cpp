#include "codec/item.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "codec/colors.h"

namespace gsfit::codec {
namespace {

bool is_finite(const Item& item) {
    return std::isfinite(item.x + item.y + item.angle) && std::isfinite(item.major) && item.minor > 0 &&
           std::all_of(item.values.begin(), item.values.end(), [](double value) { return std::isfinite(value); });
}

bool is_seen(const Item& item, const Description& description) {
    return item.x + item.half_width > 0 && item.x - item.half_width < static_cast<double>(description.width) &&
           item.y + item.half_height > 0 && item.y - item.half_height < static_cast<double>(description.height);
}

}  // namespace

Item item_of(const Gaussians& gaussians, const Description& description, std::size_t i) {
    Item item{};
    item.index = i;
    item.x = static_cast<double>(gaussians.position[2 * i]) * static_cast<double>(description.width);
    item.y = static_cast<double>(gaussians.position[2 * i + 1]) * static_cast<double>(description.height);
    const double first = 1 / static_cast<double>(gaussians.inv_scale[2 * i]);
    const double second = 1 / static_cast<double>(gaussians.inv_scale[2 * i + 1]);
    item.major = std::max(first, second);
    item.minor = std::min(first, second);
    const double turned = gaussians.rotation[i] + (first < second ? std::numbers::pi / 2 : 0.0);
    item.angle = turned - std::floor(turned / std::numbers::pi) * std::numbers::pi;
    const double cosine = std::cos(item.angle);
    const double sine = std::sin(item.angle);
    item.half_width = description.blending.cutoff * std::hypot(item.major * cosine, item.minor * sine);
    item.half_height = description.blending.cutoff * std::hypot(item.major * sine, item.minor * cosine);
    const auto feature = gaussians.feature.begin() + static_cast<std::ptrdiff_t>(i) * description.channels;
    item.values.assign(feature, feature + description.channels);
    to_axes(item.values);
    return item;
}

std::vector<Item> items_of(const Gaussians& gaussians, const Description& description) {
    std::vector<Item> items;
    for (std::size_t i = 0; i < gaussians.rotation.size(); ++i) {
        Item item = item_of(gaussians, description, i);
        if (is_finite(item) && is_seen(item, description)) items.push_back(std::move(item));
    }
    return items;
}

}  // namespace gsfit::codec
