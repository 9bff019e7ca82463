#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "reference/reference.h"

namespace gsfit::reference {

namespace {

struct Offset {
    double x, y;
};

Offset offset(const Splats& splats, std::int64_t i, const Lattice& lattice, std::int64_t sample) {
    return {static_cast<double>(sample % lattice.width) + 0.5 - splats.center[2 * i],
            static_cast<double>(sample / lattice.width) + 0.5 - splats.center[2 * i + 1]};
}

double quadratic(const Splats& splats, std::int64_t i, const Offset& d) {
    const double* conic = &splats.conic[3 * i];
    return conic[0] * d.x * d.x + 2 * conic[1] * d.x * d.y + conic[2] * d.y * d.y;
}

double weight(const Splats& splats, std::int64_t i, const Lattice& lattice, std::int64_t sample) {
    return std::exp(-quadratic(splats, i, offset(splats, i, lattice, sample)) / 2);
}

/// What the weighted sum of features is divided by.
double divisor(const Splats& splats, const Support& support, const Lattice& lattice, const Blending& blending,
               std::int64_t sample) {
    if (blending.blend == Blend::sum) return 1;
    double total = blending.eps;
    for (const auto i : support[sample]) total += weight(splats, i, lattice, sample);
    return total;
}

/// Tiles [first, end) along one side that the square of Gaussian i touches.
struct Tiles {
    double first, end;

    Tiles(double center, double radius)
        : first(std::floor((center - 0.5 - radius) / 16)), end(std::floor((center - 0.5 + radius) / 16) + 1) {}
    [[nodiscard]] bool hold(std::int64_t index) const {
        const auto tile = static_cast<double>(index / 16);
        return tile >= first && tile < end;
    }
};

double square_radius(const Splats& splats, std::int64_t i) {
    const double mid = (splats.conic[3 * i] + splats.conic[3 * i + 2]) / splats.det[i] / 2;
    const double eigenvalue = mid + std::sqrt(std::max(0.1, mid * mid - 1 / splats.det[i]));
    return std::ceil(3 * std::sqrt(eigenvalue));
}

Support tile16_support(const Splats& splats, const Lattice& lattice) {
    Support result(lattice.samples());
    for (std::int64_t i = 0; i < splats.size; ++i) {
        if (splats.degenerate[i]) continue;
        const double radius = square_radius(splats, i);
        const Tiles across(splats.center[2 * i], radius);
        const Tiles down(splats.center[2 * i + 1], radius);
        for (std::int64_t sample = 0; sample < lattice.samples(); ++sample) {
            if (across.hold(sample % lattice.width) && down.hold(sample / lattice.width) &&
                weight(splats, i, lattice, sample) >= std::numeric_limits<float>::min()) {
                result[sample].push_back(i);
            }
        }
    }
    return result;
}

Support seen_by(const Splats& splats, const Lattice& lattice, const Blending& blending, double cutoff) {
    return blending.support == gsfit::Support::tile16 ? tile16_support(splats, lattice)
                                                      : support(splats, lattice, cutoff);
}

/// The topk-th largest weight at a sample; 0 where fewer are seen.
double threshold(const Splats& splats, const std::vector<std::int64_t>& seen, const Lattice& lattice, int topk,
                 std::int64_t sample) {
    const auto place = static_cast<std::size_t>(topk);
    if (seen.size() < place) return 0;
    std::vector<double> weights;
    for (const auto i : seen) weights.push_back(weight(splats, i, lattice, sample));
    std::sort(weights.begin(), weights.end(), std::greater<>());
    return weights[place - 1];
}

Support chosen(const Splats& splats, Support seen, const Lattice& lattice, const Blending& blending) {
    if (blending.blend != Blend::topk_norm) return seen;
    for (std::int64_t sample = 0; sample < lattice.samples(); ++sample) {
        const double least = threshold(splats, seen[sample], lattice, blending.topk, sample);
        std::erase_if(seen[sample], [&](auto i) { return weight(splats, i, lattice, sample) < least; });
    }
    return seen;
}

}  // namespace

Support blended(const Splats& splats, const Lattice& lattice, const Blending& blending) {
    return chosen(splats, seen_by(splats, lattice, blending, blending.cutoff), lattice, blending);
}

Support support(const Splats& splats, const Lattice& lattice, double cutoff) {
    Support result(lattice.samples());
    for (std::int64_t i = 0; i < splats.size; ++i) {
        if (splats.degenerate[i]) continue;
        for (std::int64_t sample = 0; sample < lattice.samples(); ++sample) {
            if (quadratic(splats, i, offset(splats, i, lattice, sample)) <= cutoff * cutoff) {
                result[sample].push_back(i);
            }
        }
    }
    return result;
}

Image rasterize(const Splats& splats, const Support& support, const Lattice& lattice, const Blending& blending) {
    Image image(splats.channels * lattice.samples());
    for (std::int64_t sample = 0; sample < lattice.samples(); ++sample) {
        const double total = divisor(splats, support, lattice, blending, sample);
        for (const auto i : support[sample]) {
            const double share = weight(splats, i, lattice, sample) / total;
            for (std::int64_t c = 0; c < splats.channels; ++c) {
                image[c * lattice.samples() + sample] += share * splats.feature[splats.channels * i + c];
            }
        }
    }
    return image;
}

SplatGradient rasterize_backward(const Splats& splats, const Support& support, const Lattice& lattice,
                                 const Blending& blending, const Image& gradient) {
    const std::int64_t channels = splats.channels;
    const Image image = rasterize(splats, support, lattice, blending);
    SplatGradient result{std::vector<double>(2 * splats.size), std::vector<double>(3 * splats.size),
                         std::vector<double>(channels * splats.size)};
    for (std::int64_t sample = 0; sample < lattice.samples(); ++sample) {
        const double total = divisor(splats, support, lattice, blending, sample);
        for (const auto i : support[sample]) {
            const double a = weight(splats, i, lattice, sample);
            double to_weight = 0;
            for (std::int64_t c = 0; c < channels; ++c) {
                const double v = gradient[c * lattice.samples() + sample];
                const double out = blending.blend == Blend::sum ? 0 : image[c * lattice.samples() + sample];
                result.feature[channels * i + c] += a / total * v;
                to_weight += v * (splats.feature[channels * i + c] - out) / total;
            }
            const double to_q = -a / 2 * to_weight;
            const Offset d = offset(splats, i, lattice, sample);
            const double* conic = &splats.conic[3 * i];
            result.center[2 * i] -= to_q * 2 * (conic[0] * d.x + conic[1] * d.y);
            result.center[2 * i + 1] -= to_q * 2 * (conic[1] * d.x + conic[2] * d.y);
            result.conic[3 * i] += to_q * d.x * d.x;
            result.conic[3 * i + 1] += to_q * 2 * d.x * d.y;
            result.conic[3 * i + 2] += to_q * d.y * d.y;
        }
    }
    return result;
}

double largest(const std::vector<double>& values) {
    double result = 0;
    for (const double value : values) result = std::max(result, std::abs(value));
    return result;
}

std::vector<bool> nearly_tied(const Splats& splats, const Lattice& lattice, const Blending& blending, double margin) {
    std::vector<bool> result(lattice.samples());
    if (blending.blend != Blend::topk_norm) return result;
    const Support seen = seen_by(splats, lattice, blending, blending.cutoff);
    for (std::int64_t sample = 0; sample < lattice.samples(); ++sample) {
        const double least = threshold(splats, seen[sample], lattice, blending.topk, sample);
        result[sample] = std::any_of(seen[sample].begin(), seen[sample].end(), [&](auto i) {
            const double a = weight(splats, i, lattice, sample);
            return a < least && a > (1 - margin) * least;
        });
    }
    return result;
}

Image undecided(const Splats& splats, const Lattice& lattice, const Blending& blending, double margin) {
    const double limit = static_cast<double>(blending.cutoff) * blending.cutoff;
    const Support wide =
        chosen(splats, seen_by(splats, lattice, blending, std::sqrt(limit + margin)), lattice, blending);
    const Support narrow =
        chosen(splats, seen_by(splats, lattice, blending, std::sqrt(limit - margin)), lattice, blending);
    const std::vector<bool> tied = nearly_tied(splats, lattice, blending, margin);
    const double farthest = 2 * largest(splats.feature);
    const Image image = rasterize(splats, wide, lattice, blending);
    Image result(image.size());
    for (std::int64_t sample = 0; sample < lattice.samples(); ++sample) {
        const double total = divisor(splats, narrow, lattice, blending, sample);
        for (std::int64_t c = 0; tied[sample] && c < splats.channels; ++c) {
            result[c * lattice.samples() + sample] = farthest;
        }
        for (const auto i : wide[sample]) {
            if (std::binary_search(narrow[sample].begin(), narrow[sample].end(), i)) continue;
            const double share = weight(splats, i, lattice, sample) / total;
            for (std::int64_t c = 0; c < splats.channels; ++c) {
                const std::int64_t at = c * lattice.samples() + sample;
                const double out = blending.blend == Blend::sum ? 0 : image[at];
                result[at] += share * std::abs(splats.feature[splats.channels * i + c] - out);
            }
        }
    }
    return result;
}

}  // namespace gsfit::reference
