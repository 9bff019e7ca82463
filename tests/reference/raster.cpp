#include <algorithm>
#include <cmath>

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

}  // namespace

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

Image undecided(const Splats& splats, const Lattice& lattice, const Blending& blending, double margin) {
    const double limit = static_cast<double>(blending.cutoff) * blending.cutoff;
    const Support wide = support(splats, lattice, std::sqrt(limit + margin));
    const Support narrow = support(splats, lattice, std::sqrt(limit - margin));
    const Image image = rasterize(splats, wide, lattice, blending);
    Image result(image.size());
    for (std::int64_t sample = 0; sample < lattice.samples(); ++sample) {
        const double total = divisor(splats, narrow, lattice, blending, sample);
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
