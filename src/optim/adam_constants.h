#pragma once

namespace gsfit {

// Of both Adams, on every backend. Whitened:

inline constexpr float adam_eps = 1e-12F;  // gradients are means over a whole image: far below the usual 1e-8
inline constexpr float least_anisotropy = 0.3F;
inline constexpr float least_position = -0.05F;
inline constexpr float most_position = 1.05F;

// Plain, as torch.optim.Adam by default (Kingma and Ba 2015):

inline constexpr float plain_beta1 = 0.9F;
inline constexpr float plain_beta2 = 0.999F;
inline constexpr float plain_eps = 1e-8F;
inline constexpr float least_inv_scale = 1e-6F;  // [1 / pixels]
inline constexpr float most_inv_scale = 1e3F;

}  // namespace gsfit
