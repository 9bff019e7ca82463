#pragma once

namespace gsfit {

// Of both Adams, on every backend. Whitened:

inline constexpr float adam_eps = 1e-12F;  // gradients are means over a whole image: far below the usual 1e-8
inline constexpr float least_anisotropy = 0.3F;
inline constexpr float least_position = -0.05F;
inline constexpr float most_position = 1.05F;
inline constexpr int geometry = 5;  // columns: centre (2), log scale (2), rotation
inline constexpr int geometry_pairs = geometry * (geometry - 1) / 2;
/// x^-1/2 as a polynomial, to 11% between 0.2 and 4.2, the least and most that correlations shrunk by 0.2 can have for
/// eigenvalues; exact at 1: least squares of the relative error at Chebyshev's points.
inline constexpr float inverse_root[] = {2.434528811F, -2.472739847F, 1.334547244F, -0.325278291F, 0.028942083F};

// Plain, as torch.optim.Adam by default (Kingma and Ba 2015):

inline constexpr float plain_beta1 = 0.9F;
inline constexpr float plain_beta2 = 0.999F;
inline constexpr float plain_eps = 1e-8F;
inline constexpr float least_inv_scale = 1e-6F;  // [1 / pixels]
inline constexpr float most_inv_scale = 1e3F;

}  // namespace gsfit
