#pragma once

namespace gsfit {

// SSIM (Wang et al. 2004) of values in [0,1].

/// exp(-k^2 / (2 * 1.5^2)), k = -5..5, divided by its sum.
inline constexpr float ssim_window[] = {0.0010283801F, 0.0075987581F, 0.0360007721F, 0.1093606895F,
                                        0.2130055377F, 0.2660117249F, 0.2130055377F, 0.1093606895F,
                                        0.0360007721F, 0.0075987581F, 0.0010283801F};
inline constexpr float ssim_c1 = 0.01F * 0.01F;
inline constexpr float ssim_c2 = 0.03F * 0.03F;

}  // namespace gsfit
