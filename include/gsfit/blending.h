#pragma once

#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <string_view>

namespace gsfit {

enum class Blend {
    norm,       ///< sum_k a_k f_k / (sum_k a_k + eps)
    sum,        ///< sum_k a_k f_k
    topk_norm,  ///< norm over those whose weight is at least the topk-th largest of the sample; ties are all kept
};

/// Which samples see a Gaussian, whatever its weight there.
enum class Support {
    ellipse,  ///< where q <= cutoff^2
    tile16,   ///< the 16 x 16 tiles of the lattice that the square of half width ceil(3 sigma_max) touches (Image-GS)
};

/// How Gaussians become pixels; stored with a field, since its values mean nothing without it.
struct Blending {
    Blend blend = Blend::norm;
    float cutoff = 4.2919321F;  ///< [sigma] of `ellipse`: seen where q <= cutoff^2; sqrt(2 ln 10^4)
    float eps = 3e-3F;          ///< of the normaliser; default 30 exp(-cutoff^2 / 2)
    int topk = 10;              ///< of `topk_norm`, whose eps is 1e-4 in Image-GS; 1 to 32
    Support support = Support::ellipse;

    /// A sample sees the weights from this on of the Gaussians in whose support it lies.
    [[nodiscard]] float smallest_weight() const {
        return support == Support::ellipse ? std::exp(-0.5F * cutoff * cutoff) : std::numeric_limits<float>::min();
    }
    [[nodiscard]] bool normalised() const { return blend != Blend::sum; }
    [[nodiscard]] bool selects() const { return blend == Blend::topk_norm; }
};

/// The most that Blending::topk may be.
inline constexpr int max_topk = 32;

// As configuration and files spell them, in the order of the enumerators.
inline constexpr std::string_view blend_names[] = {"norm", "sum", "topk_norm"};
inline constexpr std::string_view support_names[] = {"ellipse", "tile16"};

constexpr std::string_view name_of(Blend blend) { return blend_names[static_cast<std::size_t>(blend)]; }
constexpr std::string_view name_of(Support support) { return support_names[static_cast<std::size_t>(support)]; }

/// No value for a name that is none.
constexpr std::optional<Blend> blend_of(std::string_view name) {
    for (const Blend blend : {Blend::norm, Blend::sum, Blend::topk_norm}) {
        if (name == name_of(blend)) return blend;
    }
    return std::nullopt;
}
constexpr std::optional<Support> support_of(std::string_view name) {
    for (const Support support : {Support::ellipse, Support::tile16}) {
        if (name == name_of(support)) return support;
    }
    return std::nullopt;
}

}  // namespace gsfit
