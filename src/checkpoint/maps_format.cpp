#include "checkpoint/maps_format.h"

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>

namespace gsfit {
namespace {

using Json = nlohmann::json;

Json json_of(const ImageMap& map) {
    return {{"name", map.name}, {"channels", map.channels}, {"alpha", map.alpha}, {"bits", map.bits},
            {"low", map.low},   {"high", map.high},         {"gamma", map.gamma}};
}

/// A name goes into names of files.
bool is_safe(const std::string& name) {
    return name.size() <= 255 && name.find('/') == std::string::npos && name.find('\0') == std::string::npos;
}

bool is_in_range(const ImageMap& map) {
    return is_safe(map.name) && map.channels >= 1 && map.channels <= 4 && map.alpha == (map.channels % 2 == 0) &&
           (map.bits == 8 || map.bits == 16 || map.bits == 32) && map.low < map.high && map.gamma >= 0.1F &&
           map.gamma <= 10.0F;
}

/// Out of range like every number that is not one.
constexpr int no_integer = -1;

int integer_of(const Json& json) {
    const auto most = static_cast<std::uint64_t>(max_channels);
    return json.is_number_unsigned() && json.get<std::uint64_t>() <= most ? json.get<int>() : no_integer;
}

/// NaN, which no comparison lets pass, where there is no finite number.
float number_of(const Json& json) {
    const double value = json.is_number() ? json.get<double>() : std::numeric_limits<double>::quiet_NaN();
    const bool fits = std::abs(value) <= std::numeric_limits<float>::max();
    return fits ? static_cast<float>(value) : std::numeric_limits<float>::quiet_NaN();
}

/// Throws Json::exception for members that are missing or of another type.
ImageMap map_of(const Json& json, int first) {
    return {.name = json.at("name").get<std::string>(),
            .first = first,
            .channels = integer_of(json.at("channels")),
            .alpha = json.at("alpha").get<bool>(),
            .bits = integer_of(json.at("bits")),
            .low = number_of(json.at("low")),
            .high = number_of(json.at("high")),
            .gamma = number_of(json.at("gamma"))};
}

}  // namespace

std::string text_of_maps(const ImageMaps& maps) {
    Json list = Json::array();
    for (const ImageMap& map : maps) list.push_back(json_of(map));
    return list.dump(-1, ' ', true, Json::error_handler_t::replace);  // names of files need not be UTF-8
}

std::optional<ImageMaps> maps_from_text(const std::string& text, int channels) {
    try {
        ImageMaps maps;
        std::set<std::string> names;
        int first = 0;
        const Json list = Json::parse(text);
        if (!list.is_array()) return std::nullopt;
        for (const Json& json : list) {
            maps.push_back(map_of(json, first));
            if (!is_in_range(maps.back()) || !names.insert(maps.back().name).second) return std::nullopt;
            first += maps.back().channels;
            if (first > channels) return std::nullopt;
        }
        return first == channels ? std::optional(maps) : std::nullopt;
    } catch (const Json::exception&) {
        return std::nullopt;
    }
}

}  // namespace gsfit
