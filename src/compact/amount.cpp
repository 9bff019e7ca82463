#include "gsfit/compact/amount.h"

#include <algorithm>
#include <cmath>

namespace gsfit {
namespace {

constexpr double head = 60;               // of a compact file [bytes]
constexpr std::int64_t least_steps = 40;  // of a probe

double doublings(const Fit& from, std::int64_t gaussians) {
    return std::log2(static_cast<double>(gaussians) / static_cast<double>(from.gaussians));
}

/// What so many steps of training are short of many [dB].
double shortfall(std::int64_t steps) { return 150.0 / static_cast<double>(std::max<std::int64_t>(steps, 20)); }

}  // namespace

std::int64_t gaussians_of_bytes(std::int64_t bytes, int channels) {
    const double bits = 24 + 4 * channels;
    return std::max<std::int64_t>(1, std::llround(8 * (static_cast<double>(bytes) - head) / bits));
}

std::int64_t gaussians_of_bytes(std::int64_t bytes, std::int64_t gaussians, std::int64_t taken) {
    const double ratio = (static_cast<double>(bytes) - head) / std::max(static_cast<double>(taken) - head, 1.0);
    const double count = static_cast<double>(gaussians) * std::clamp(ratio, 0.5, 2.0);
    return std::max<std::int64_t>(1, std::llround(count));
}

std::int64_t probe_steps(std::int64_t steps) { return std::max(least_steps, steps / 8); }

double psnr_of_run(double psnr, std::int64_t steps, std::int64_t all) {
    return psnr + shortfall(steps) - shortfall(all);
}

std::int64_t within_image(std::int64_t gaussians, std::int64_t pixels) {
    return std::clamp<std::int64_t>(gaussians, 1, std::max<std::int64_t>(1, pixels / 8));
}

PsnrLaw::PsnrLaw(const Fit& few, const Fit& many)
    : per_doubling_(std::clamp((many.psnr - few.psnr) / doublings(few, many.gaussians), 0.5, 5.0)) {}

std::int64_t PsnrLaw::gaussians_of(double psnr, const Fit& fit) const {
    const double by = std::clamp((psnr - fit.psnr) / per_doubling_, -20.0, 20.0);
    return std::max<std::int64_t>(1, std::llround(static_cast<double>(fit.gaussians) * std::exp2(by)));
}

PsnrLaw PsnrLaw::usual() { return {{1, 0}, {2, 2.2}}; }

std::optional<Amount> amount_of_psnr(const WantedPsnr& wanted, const Probe& probe) {
    const auto probed = [&](std::int64_t count, std::int64_t steps) -> std::optional<Fit> {
        const std::optional<double> psnr = probe(count, steps);
        if (!psnr) return std::nullopt;
        return Fit{count, wanted.by_clock ? *psnr + shortfall(steps) : psnr_of_run(*psnr, steps, wanted.steps)};
    };
    constexpr int most_probes = 4;
    std::optional<Fit> last = probed(within_image(wanted.pixels / 150, wanted.pixels), probe_steps(wanted.steps));
    if (!last) return std::nullopt;
    Amount amount{within_image(PsnrLaw::usual().gaussians_of(wanted.psnr, *last), wanted.pixels), PsnrLaw::usual()};
    for (int probes = 1; probes == 1 || (probes < most_probes && std::abs(doublings(*last, amount.gaussians)) > 1);
         ++probes) {
        const std::optional<Fit> near = probed(amount.gaussians, std::max(least_steps, wanted.steps / 4));
        if (!near) return std::nullopt;
        constexpr double too_near = 0.25;  // for a law through both
        if (std::abs(doublings(*last, near->gaussians)) > too_near) amount.law = PsnrLaw(*last, *near);
        amount.gaussians = within_image(amount.law.gaussians_of(wanted.psnr, *near), wanted.pixels);
        last = near;
    }
    return amount;
}

}  // namespace gsfit
