// ICC colour profiles: carried along, never applied.

#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace gsfit {

/// The profile when its header is whole, says this size and is of grey or RGB as `channels` (alpha included) are, and
/// it is not too large; else nothing, as a program that shows the image would have it.
std::vector<std::byte> usable_profile(std::span<const std::byte> profile, int channels);

}  // namespace gsfit
