#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace gsfit {

/// One image of a texture stack, or the only one of a field: which channels are its, and what their values stand for.
/// A packed value v in [0,1] is low + (high - low) v^(1/gamma) in the image's file; colours are that times alpha where
/// there is one.
struct ImageMap {
    std::string name{};                ///< of the file, without its ending; "" where none is known
    int first = 0;                     ///< channel of the field
    int channels = 1;                  ///< 1 to 4
    bool alpha = false;                ///< the last channel is alpha, and the others are multiplied by it
    int bits = 8;                      ///< of the file: 8 or 16, or 32 for floating point
    float low = 0;                     ///< finite, as `high`
    float high = 1;                    ///< above `low`; 0 and 1 but for floating point
    float gamma = 1;                   ///< 0.1 to 10
    std::vector<std::byte> profile{};  ///< ICC; empty: none

    bool operator==(const ImageMap&) const = default;
};

using ImageMaps = std::vector<ImageMap>;

/// The largest colour profile that is kept [bytes].
inline constexpr std::size_t max_profile_bytes = std::size_t{4} << 20;

/// Of a field that does not tell: one grey or RGB image in 8 bit, or grey ones where the channels make neither.
inline ImageMaps maps_of_channels(int channels) {
    if (channels == 1 || channels == 3) return {{.channels = channels}};
    ImageMaps maps;
    for (int channel = 0; channel < channels; ++channel) {
        maps.push_back({.name = "channel-" + std::to_string(channel + 1), .first = channel});
    }
    return maps;
}

}  // namespace gsfit
