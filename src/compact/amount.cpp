#include "gsfit/compact/amount.h"

#include <algorithm>
#include <cmath>

namespace gsfit {

std::int64_t gaussians_of_bytes(std::int64_t bytes, int channels) {
    constexpr double head = 60;
    const double bits = 24 + 4 * channels;
    return std::max<std::int64_t>(1, std::llround(8 * (static_cast<double>(bytes) - head) / bits));
}

PsnrLaw::PsnrLaw(const Fit& few, const Fit& many)
    : per_doubling_(std::clamp(
          (many.psnr - few.psnr) / std::log2(static_cast<double>(many.gaussians) / static_cast<double>(few.gaussians)),
          0.5, 5.0)) {}

std::int64_t PsnrLaw::gaussians_of(double psnr, const Fit& fit) const {
    const double doublings = std::clamp((psnr - fit.psnr) / per_doubling_, -20.0, 20.0);
    return std::max<std::int64_t>(1, std::llround(static_cast<double>(fit.gaussians) * std::exp2(doublings)));
}

double shortfall(std::int64_t steps) { return 150.0 / static_cast<double>(std::max<std::int64_t>(steps, 20)); }

}  // namespace gsfit
