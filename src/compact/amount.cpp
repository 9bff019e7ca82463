#include "gsfit/compact/amount.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace gsfit {
namespace {

constexpr double head = 60;               // of a compact file [bytes]
constexpr std::int64_t least_steps = 40;  // of a probe

double doublings(const Fit& from, std::int64_t gaussians) {
    return std::log2(static_cast<double>(gaussians) / static_cast<double>(from.gaussians));
}

/// What so many steps of training are short of many [dB].
double shortfall(std::int64_t steps) { return 150.0 / static_cast<double>(std::max<std::int64_t>(steps, 20)); }

/// A probe's PSNR as the whole run would have it.
std::optional<Fit> fit_of(const Probe& probe, std::int64_t count, std::int64_t steps, std::int64_t all, bool by_clock) {
    const std::optional<double> psnr = probe(count, steps);
    if (!psnr) return std::nullopt;
    return Fit{count, by_clock ? *psnr + shortfall(steps) : psnr_of_run(*psnr, steps, all)};
}

double side_of(std::int64_t pixels) { return std::sqrt(static_cast<double>(pixels)); }

double gain_of_doubling(const Fit& few, const Fit& many) {
    return (many.psnr - few.psnr) / doublings(few, many.gaussians);
}

/// The number after which a doubling gains `least`, by the gains in the middles of [few, mid] and [mid, many]: in
/// between or up to `many`, where they fall.
std::int64_t crossing(const Fit& few, const Fit& mid, const Fit& many, double least) {
    const double before = gain_of_doubling(few, mid);
    const double after = gain_of_doubling(mid, many);
    if (after >= before) return many.gaussians;
    const auto begin = [](const Fit& from, const Fit& to) {  // of the doubling in their middle
        return std::sqrt(0.5 * static_cast<double>(from.gaussians) * static_cast<double>(to.gaussians));
    };
    const double part = std::clamp((before - least) / (before - after), 0.0, 2.0);
    const double count = begin(few, mid) * std::pow(begin(mid, many) / begin(few, mid), part);
    return std::min(std::llround(count), static_cast<long long>(many.gaussians));
}

/// The nearest probes on both sides of a PSNR.
class Bracket {
public:
    explicit Bracket(double psnr) : psnr_(psnr) {}

    void add(const Fit& fit) {
        std::optional<Fit>& side = fit.psnr < psnr_ ? below_ : above_;
        if (!side || std::abs(fit.psnr - psnr_) < std::abs(side->psnr - psnr_)) side = fit;
    }
    /// Through both, where they are far enough from each other.
    [[nodiscard]] std::optional<PsnrLaw> law() const {
        if (!below_ || !above_ || doublings(*below_, above_->gaussians) < 0.1) return std::nullopt;
        return PsnrLaw(*below_, *above_);
    }

private:
    double psnr_;
    std::optional<Fit> below_, above_;
};

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
    : per_doubling_(std::clamp((many.psnr - few.psnr) / doublings(few, many.gaussians), 0.5, 12.0)) {}

std::int64_t PsnrLaw::gaussians_of(double psnr, const Fit& fit) const {
    const double by = std::clamp((psnr - fit.psnr) / per_doubling_, -20.0, 20.0);
    return std::max<std::int64_t>(1, std::llround(static_cast<double>(fit.gaussians) * std::exp2(by)));
}

PsnrLaw PsnrLaw::usual() { return {{1, 0}, {2, 2.2}}; }

std::optional<Amount> amount_of_psnr(const WantedPsnr& wanted, const Probe& probe) {
    const auto probed = [&](std::int64_t count, std::int64_t steps) {
        return fit_of(probe, count, steps, wanted.steps, wanted.by_clock);
    };
    constexpr int most_probes = 4;
    std::optional<Fit> last = probed(within_image(wanted.pixels / 150, wanted.pixels), probe_steps(wanted.steps));
    if (!last) return std::nullopt;
    Bracket bracket(wanted.psnr);
    bracket.add(*last);
    Amount amount{within_image(PsnrLaw::usual().gaussians_of(wanted.psnr, *last), wanted.pixels), PsnrLaw::usual()};
    for (int probes = 1; probes == 1 || (probes < most_probes && std::abs(doublings(*last, amount.gaussians)) > 0.5);
         ++probes) {
        const std::optional<Fit> near = probed(amount.gaussians, std::max(least_steps, wanted.steps / 4));
        if (!near) return std::nullopt;
        constexpr double too_near = 0.25;  // for a law through both
        bracket.add(*near);
        if (const auto law = bracket.law()) {
            amount.law = *law;
        } else if (std::abs(doublings(*last, near->gaussians)) > too_near) {
            amount.law = PsnrLaw(*last, *near);
        }
        amount.gaussians = within_image(amount.law.gaussians_of(wanted.psnr, *near), wanted.pixels);
        last = near;
    }
    return amount;
}

std::int64_t most_that_pay(std::int64_t pixels) { return within_image(std::llround(16 * side_of(pixels)), pixels); }

std::optional<std::int64_t> amount_that_pays(const ProbedRun& run, const Probe& probe) {
    constexpr double least_gain = 1;  // [dB]
    constexpr double enough = 42;     // [dB]
    const std::int64_t most = std::min(run.most, most_that_pay(run.pixels));
    std::vector<Fit> fits;
    for (const double factor : {1.0, 4.0, 16.0}) {
        const std::int64_t count = std::clamp<std::int64_t>(std::llround(factor * side_of(run.pixels)), 1, most);
        if (!fits.empty() && count == fits.back().gaussians) break;
        const auto fit = fit_of(probe, count, probe_steps(run.steps), run.steps, run.by_clock);
        if (!fit) return std::nullopt;
        fits.push_back(*fit);
        const bool levels = fits.size() == 2 && gain_of_doubling(fits[0], fits[1]) < least_gain;
        if (levels) return fits[0].gaussians;
        if (fit->psnr >= enough) break;
    }
    const std::int64_t last = fits.back().gaussians;
    if (fits.size() == 1) return last;
    const std::int64_t paying = fits.size() == 3 ? crossing(fits[0], fits[1], fits[2], least_gain) : last;
    const std::int64_t reaching = PsnrLaw(fits[fits.size() - 2], fits.back()).gaussians_of(enough, fits.back());
    return std::clamp(std::min(paying, reaching), fits[0].gaussians, last);
}

}  // namespace gsfit
