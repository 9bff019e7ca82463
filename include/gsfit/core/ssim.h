#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace gsfit {

// SSIM (Wang et al. 2004) of values in [0,1].

/// exp(-k^2 / (2 * 1.5^2)), k = -5..5, divided by its sum.
inline constexpr float ssim_window[] = {0.0010283801F, 0.0075987581F, 0.0360007721F, 0.1093606895F,
                                        0.2130055377F, 0.2660117249F, 0.2130055377F, 0.1093606895F,
                                        0.0360007721F, 0.0075987581F, 0.0010283801F};
inline constexpr float ssim_c1 = 0.01F * 0.01F;
inline constexpr float ssim_c2 = 0.03F * 0.03F;

/// Which windows the SSIM of a loss is the mean of.
enum class SsimWindows {
    block,  ///< around every second row and column of a 64 x 64 block, cropped at its edge
    image,  ///< around every sample
};

inline constexpr int ssim_window_step = 2;  ///< rows or columns from a block's window to the next one

// As configuration spells them, in the order of the enumerators.
inline constexpr std::string_view ssim_windows_names[] = {"block", "image"};

constexpr std::string_view name_of(SsimWindows windows) {
    return ssim_windows_names[static_cast<std::size_t>(windows)];
}

/// No value for a name that is none.
constexpr std::optional<SsimWindows> ssim_windows_of(std::string_view name) {
    for (const SsimWindows windows : {SsimWindows::block, SsimWindows::image}) {
        if (name == name_of(windows)) return windows;
    }
    return std::nullopt;
}

}  // namespace gsfit
