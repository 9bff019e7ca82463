#include "image/profile.h"

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "gsfit/core/maps.h"

namespace gsfit {
namespace {

constexpr std::size_t header_bytes = 128;  // ICC.1:2022, 7.2
constexpr std::size_t colours_at = 16;
constexpr std::size_t signature_at = 36;

bool holds(std::span<const std::byte> profile, std::size_t place, std::string_view text) {
    return std::ranges::equal(profile.subspan(place, text.size()), std::as_bytes(std::span(text)));
}

}  // namespace

std::vector<std::byte> usable_profile(std::span<const std::byte> profile, int channels) {
    if (profile.size() < header_bytes + 4 || profile.size() > max_profile_bytes) return {};
    std::size_t size = 0;
    for (const std::byte byte : profile.first(4)) size = size << 8 | std::to_integer<std::size_t>(byte);
    const bool fits = size == profile.size() && holds(profile, signature_at, "acsp") &&
                      holds(profile, colours_at, channels < 3 ? "GRAY" : "RGB ");
    return fits ? std::vector(profile.begin(), profile.end()) : std::vector<std::byte>{};
}

}  // namespace gsfit
